import { sizeOf } from '../../../shape.js'
import type { Program, ProgramStep, Slot } from '../lower/recipe.js'

/** The slots that a step reads. */
export const operandsOf = (step: ProgramStep): readonly Slot[] => {
  switch (step._tag) {
    case 'constant':
      return []
    case 'alias':
    case 'check':
      return [step.operand]
    case 'branch':
      return [step.index, ...step.operands]
    case 'loop':
      return [...step.constants, ...step.carries, ...step.xs]
    case 'kernel':
    case 'host':
      return step.operands
  }
}

/** The slots that a step makes. */
export const resultsOf = (step: ProgramStep): readonly Slot[] => {
  switch (step._tag) {
    case 'check':
      return []
    case 'kernel':
    case 'constant':
    case 'alias':
      return [step.result]
    case 'host':
    case 'branch':
    case 'loop':
      return step.results
  }
}

/** The programs that a step runs: branches of which it takes one, or what a loop repeats and how it stacks. */
export const programsIn = (step: ProgramStep): readonly Program[] => {
  switch (step._tag) {
    case 'branch':
      return step.branches
    case 'loop':
      return [step.body, ...step.stacks.flatMap(({ groups, rest }) => [...groups, rest])]
    default:
      return []
  }
}

/** The slots that outlive a program's steps: outputs, and what guards have counted. */
export const keptSlots = ({ outputs, guards }: Program): readonly Slot[] => [...outputs, ...(guards === undefined ? [] : [guards.total, ...guards.counts.map(({ slot }) => slot)])]

/** For each step, the slots that no later step reads: those it reads last, and those it makes for nothing. Those that are kept live on. */
export const deathsOf = (program: Program): { readonly before: readonly Slot[]; readonly after: readonly (readonly Slot[])[] } => {
  const { steps, inputs } = program
  const last = new Map<Slot, number>()
  inputs.forEach((slot) => last.set(slot, -1))
  steps.forEach((step, position) => [...operandsOf(step), ...resultsOf(step)].forEach((slot) => last.set(slot, position)))
  keptSlots(program).forEach((slot) => last.delete(slot))
  const before: Slot[] = []
  const after: Slot[][] = steps.map(() => [])
  last.forEach((position, slot) => (position < 0 ? before : (after[position] ?? before)).push(slot))
  return { before, after }
}

/** What can be told of a program before it runs. */
export interface Schedule {
  readonly kernels: number
  /** Stretches of kernels without a step on the host between them. */
  readonly segments: number
  /** The most bytes of values that are live at once, inputs and outputs included, where all of them are in the engine. */
  readonly peakBytes: number
  /** Steps on the host: how often each primitive, and why. */
  readonly hosted: ReadonlyMap<string, number>
}

/** Counts kernels, segments, bytes and host steps of a program and of its branches, of which the largest counts for bytes. */
export const scheduleOf = (program: Program): Schedule => {
  const hosted = new Map<string, number>()
  const add = (line: string, count: number): void => void hosted.set(line, (hosted.get(line) ?? 0) + count)
  const bytesOf = (slot: Slot): number => 4 * sizeOf(program.slots[slot]?.shape ?? [])
  const { before, after } = deathsOf(program)
  // Aliases share their operand's memory: the last of them to die frees it.
  const roots = new Map<Slot, Slot>()
  const owners = new Map<Slot, number>()
  const rootOf = (slot: Slot): Slot => roots.get(slot) ?? slot
  let kernels = 0
  let segments = 0
  let inSegment = false
  let live = 0
  let peak = 0
  const born = (slot: Slot): void => {
    owners.set(slot, 1)
    live += bytesOf(slot)
    peak = Math.max(peak, live)
  }
  const died = (slot: Slot): void => {
    const root = rootOf(slot)
    const left = (owners.get(root) ?? 0) - 1
    owners.set(root, left)
    if (left === 0) live -= bytesOf(root)
  }
  program.inputs.forEach((slot) => (owners.has(slot) ? undefined : born(slot)))
  before.forEach(died)
  program.steps.forEach((step, position) => {
    switch (step._tag) {
      case 'kernel':
        kernels++
        if (!inSegment) segments++
        inSegment = true
        born(step.result)
        break
      case 'alias': {
        const root = rootOf(step.operand)
        roots.set(step.result, root)
        owners.set(root, (owners.get(root) ?? 0) + 1)
        break
      }
      case 'host':
        inSegment = false
        add(`${step.primitive} runs on the host: ${step.reason}`, 1)
        step.results.forEach(born)
        break
      case 'branch': {
        inSegment = false
        const branches = step.branches.map(scheduleOf)
        branches.forEach((branch) => {
          kernels += branch.kernels
          segments += branch.segments
          branch.hosted.forEach((count, line) => add(line, count))
        })
        peak = Math.max(peak, live + Math.max(0, ...branches.map(({ peakBytes }) => peakBytes)))
        step.results.forEach(born)
        break
      }
      case 'loop': {
        // Counted once, however often it runs. While its last slices are joined, all of them are there twice.
        inSegment = false
        const inner = programsIn(step).map(scheduleOf)
        const [body] = inner
        inner.forEach(({ kernels: count, hosted: lines }) => {
          kernels += count
          lines.forEach((times, line) => add(line, times))
        })
        segments += body?.segments ?? 0
        const stacked = step.results.slice(step.carries.length).reduce((sum, slot) => sum + bytesOf(slot), 0)
        peak = Math.max(peak, live + stacked + Math.max(body?.peakBytes ?? 0, stacked))
        step.results.forEach(born)
        break
      }
      case 'constant':
        born(step.result)
        break
      case 'check':
        break
    }
    after[position]?.forEach(died)
  })
  return { kernels, segments, peakBytes: peak, hosted }
}
