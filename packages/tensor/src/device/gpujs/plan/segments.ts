import type { Segment } from '../engine/engine.js'
import type { Program, ProgramStep, Slot } from '../lower/recipe.js'
import { keptSlots, operandsOf } from './lifetimes.js'

/** Kernels are fused from so many on, and up to so many, after which the event loop may have a turn. */
const [fewest, most] = [3, 256]

/** Steps from `first` up to, not including, `end`, whose kernels run in one go. */
export interface Stretch {
  readonly first: number
  readonly end: number
  readonly segment: Segment
  /** The slots of the segment's inputs and outputs. */
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  /** The aliases of outputs and inputs that later steps read, to be made afterwards. */
  readonly aliases: readonly Extract<ProgramStep, { readonly _tag: 'alias' }>[]
}

const stretchOf = (program: Program, first: number, end: number): Stretch => {
  const { steps } = program
  const later = new Set<Slot>([...keptSlots(program), ...steps.slice(end).flatMap(operandsOf)])
  const within = steps.slice(first, end)
  const roots = new Map<Slot, Slot>()
  const rootOf = (slot: Slot): Slot => roots.get(slot) ?? slot
  within.forEach((step) => step._tag === 'alias' && roots.set(step.result, rootOf(step.operand)))
  const made = new Set(within.flatMap((step) => (step._tag === 'kernel' ? [step.result] : [])))
  const kernels = within.flatMap((step) => (step._tag === 'kernel' ? [step] : []))
  const inputs = [...new Set(kernels.flatMap(({ operands }) => operands.map(rootOf)))].filter((slot) => !made.has(slot))
  const numbers = new Map<Slot, number>([...inputs, ...kernels.map(({ result }) => result)].map((slot, index) => [slot, index]))
  const numberOf = (slot: Slot): number => {
    const number = numbers.get(rootOf(slot))
    if (number === undefined) throw new ReferenceError(`slot ${slot} is used before it is computed`)
    return number
  }
  const kept = new Set([...later].map(rootOf))
  const results = kernels.map(({ result }) => result).filter((slot) => kept.has(slot))
  const aliases = within.flatMap((step) => (step._tag === 'alias' && later.has(step.result) ? [{ ...step, operand: rootOf(step.operand) }] : []))
  return {
    first,
    end,
    segment: { inputs: inputs.length, kernels: kernels.map(({ kernel, operands }) => ({ kernel, operands: operands.map(numberOf) })), outputs: results.map(numberOf) },
    inputs,
    outputs: results,
    aliases
  }
}

/** The stretches of a program's steps that have several kernels and nothing on the host among them. */
export const stretchesOf = (program: Program): readonly Stretch[] => {
  const stretches: Stretch[] = []
  let first = 0
  let kernels = 0
  const close = (end: number): void => {
    const stretch = kernels >= fewest ? stretchOf(program, first, end) : undefined
    if (stretch !== undefined && stretch.outputs.length > 0) stretches.push(stretch)
    first = end
    kernels = 0
  }
  program.steps.forEach((step, position) => {
    if (step._tag === 'kernel') kernels++
    if (step._tag !== 'kernel' && step._tag !== 'alias' && step._tag !== 'constant') {
      close(position)
      first = position + 1
    } else if (kernels === most) close(position + 1)
  })
  close(program.steps.length)
  return stretches
}
