import type { Abstract } from '../../../node.js'
import { breathing } from '../engine/clock.js'
import type { Engine, FusedSegment } from '../engine/engine.js'
import type { Program, ProgramStep, Slot } from '../lower/recipe.js'
import type { Cell, Cells } from './cells.js'
import { deathsOf } from './lifetimes.js'
import { loopOf } from './loop.js'
import type { Loop } from './loop.js'
import type { Executor, Guarded, Nested } from './nested.js'
import { stretchesOf } from './segments.js'
import type { Stretch } from './segments.js'

const count: Abstract = { shape: [], dtype: 'f32' }

/** Throws the first refusal. One read, where nothing is refused. */
const verify = async (cells: Cells, guarded: readonly Guarded[]): Promise<void> => {
  const numberOf = async (cell: Cell): Promise<number> => (await cells.read(cell, count)).data[0] ?? 0
  for (const { total, counts } of guarded) {
    if ((await numberOf(total)) === 0) continue
    for (const { cell, refused } of counts) {
      const bad = await numberOf(cell)
      if (bad !== 0) throw refused(bad)
    }
  }
}

interface Fused {
  readonly stretch: Stretch
  readonly fused: FusedSegment
}

const typeOf = (program: Program, slot: Slot): Abstract => {
  const type = program.slots[slot]
  if (type === undefined) throw new ReferenceError(`slot ${slot} is not described`)
  return type
}

/**
 * Runs a program's steps in order. Values are released after the last step that reads them; host steps read only their operands, and
 * numbers cross over once. Long stretches of synchronous work are interrupted for the event loop.
 */
export const executorOf = (engine: Engine, cells: Cells, program: Program): Executor => nestedOf(engine, cells, program)

const nestedOf = (engine: Engine, cells: Cells, program: Program): Nested => {
  const constants = new Map<ProgramStep, Cell>()
  const branches = new Map<ProgramStep, readonly Nested[]>()
  const loops = new Map<ProgramStep, Loop>()
  const prepared = (inner: Program): Nested => nestedOf(engine, cells, inner)
  for (const step of program.steps) {
    if (step._tag === 'constant') constants.set(step, cells.ofHost(step.value))
    if (step._tag === 'branch') branches.set(step, step.branches.map(prepared))
    if (step._tag === 'loop') loops.set(step, loopOf(step, cells, prepared))
  }
  const inner = [...[...branches.values()].flat(), ...[...loops.values()].flatMap(({ programs }) => programs)]
  const { before, after } = deathsOf(program)
  const { fuse } = engine
  const stretches = new Map(fuse === undefined ? [] : stretchesOf(program).map((stretch) => [stretch.first, { stretch, fused: fuse(stretch.segment) }]))
  const breath = breathing()

  const within = async (inputs: readonly Cell[], guarded: Guarded[]): Promise<readonly Cell[]> => {
    const values = new Map<Slot, Cell>()
    const cellAt = (slot: Slot): Cell => {
      const cell = values.get(slot)
      if (cell === undefined) throw new ReferenceError(`slot ${slot} is used before it is computed`)
      return cell
    }
    const set = (slot: Slot | undefined, cell: Cell | undefined): void => {
      if (slot === undefined || cell === undefined) throw new ReferenceError('a step made more or fewer values than it declares')
      values.set(slot, cell)
    }
    const drop = (slot: Slot): void => {
      const cell = values.get(slot)
      if (cell === undefined) return
      values.delete(slot)
      cells.release(cell)
    }
    const read = (slot: Slot) => cells.read(cellAt(slot), typeOf(program, slot))

    const perform = async (step: Exclude<ProgramStep, { readonly _tag: 'kernel' }>): Promise<void> => {
      switch (step._tag) {
        case 'constant':
          return values.has(step.result) ? undefined : set(step.result, retained(constants.get(step)))
        case 'alias':
          return set(step.result, cells.retain(cellAt(step.operand)))
        case 'host': {
          const operands = []
          for (const slot of step.operands) operands.push(await read(slot))
          step.run(operands).forEach((value, index) => set(step.results[index], cells.ofHost(value)))
          return
        }
        case 'check': {
          step.verify(await read(step.operand))
          return
        }
        case 'branch': {
          const [index = 0] = (await read(step.index)).data
          const all = branches.get(step) ?? []
          const branch = all[Math.min(Math.max(index, 0), all.length - 1)]
          const results = (await branch?.within(step.operands.map(cellAt), guarded)) ?? []
          results.forEach((cell, position) => set(step.results[position], cell))
          return
        }
        case 'loop': {
          const operands = { constants: step.constants.map(cellAt), carries: step.carries.map(cellAt), xs: step.xs.map(cellAt) }
          const results = (await loops.get(step)?.run(operands, guarded)) ?? []
          results.forEach((cell, position) => set(step.results[position], cell))
          return
        }
      }
    }
    /** Runs a stretch in one go; answers whether the engine did. */
    const runStretch = async ({ stretch, fused }: Fused): Promise<boolean> => {
      for (const step of program.steps.slice(stretch.first, stretch.end)) {
        if (step._tag === 'constant' && !values.has(step.result)) await perform(step)
      }
      const results = await fused.run(stretch.inputs.map((slot) => cells.resident(cellAt(slot))))
      if (results === undefined) return false
      results.forEach((resident, index) => set(stretch.outputs[index], cells.ofResident(resident)))
      for (const alias of stretch.aliases) await perform(alias)
      if (breath.due()) await breath.take()
      return true
    }
    const retained = (cell: Cell | undefined): Cell | undefined => (cell === undefined ? undefined : cells.retain(cell))

    try {
      program.inputs.forEach((slot, index) => {
        if (!values.has(slot)) set(slot, retained(inputs[index]))
      })
      before.forEach(drop)
      for (let position = 0; position < program.steps.length; position++) {
        const step = program.steps[position]
        const ahead = stretches.get(position)
        if (step === undefined) break
        if (ahead !== undefined && (await runStretch(ahead))) {
          for (let passed = position; passed < ahead.stretch.end; passed++) after[passed]?.forEach(drop)
          position = ahead.stretch.end - 1
          continue
        }
        if (step._tag === 'kernel') {
          values.set(step.result, cells.ofResident(engine.dispatch(step.kernel, step.operands.map((slot) => cells.resident(cellAt(slot))))))
          if (breath.due()) await breath.take()
        } else {
          await perform(step)
        }
        after[position]?.forEach(drop)
      }
      const { guards } = program
      if (guards !== undefined) {
        guarded.push({ total: cells.retain(cellAt(guards.total)), counts: guards.counts.map(({ slot, refused }) => ({ cell: cells.retain(cellAt(slot)), refused })) })
      }
      return program.outputs.map((slot) => cells.retain(cellAt(slot)))
    } finally {
      ;[...values.keys()].forEach(drop)
    }
  }

  const run = async (inputs: readonly Cell[]): Promise<readonly Cell[]> => {
    const guarded: Guarded[] = []
    try {
      const outputs = await within(inputs, guarded)
      try {
        await verify(cells, guarded)
        return outputs
      } catch (thrown) {
        outputs.forEach(cells.release)
        throw thrown
      }
    } finally {
      guarded.forEach(({ total, counts }) => [total, ...counts.map(({ cell }) => cell)].forEach(cells.release))
    }
  }

  return {
    run,
    within,
    constants: () => [...constants.values(), ...inner.flatMap((each) => each.constants())],
    release: () => {
      stretches.forEach(({ fused }) => fused.release())
      inner.forEach((each) => each.release())
    }
  }
}
