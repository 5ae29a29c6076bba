import { bind } from '../../../bind.js'
import type { Node, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import type { Refused } from '../../reference/evaluation.js'
import type { Guards, ProgramStep, Slot } from '../lower/recipe.js'
import { infinite, outside } from './refusals.js'
import type { Refusal } from './refusals.js'

/** What guards a program against numbers that primitives refuse. */
export interface Guarding {
  /** Refuses indices outside [0, below), unless it is known that there are none. */
  readonly indices: (primitive: string, what: string, operand: Tensor, below: number) => void
  /** Refuses the corners, images and levels of regions that RoIAlign refuses. */
  readonly regions: (node: Node<'roiAlign'> | Node<'roiAlignGradient'>, images: number) => void
  /** The counts of bad numbers that kernels make, and their sum. */
  readonly guards: () => Guards | undefined
}

/** Adds to `steps` what refuses numbers of operands: at once where they are on the host, else as kernels have counted them when the program is done. */
export const guarding = (steps: ProgramStep[], array: (value: Tensor) => Slot, rangeOf: (value: Tensor) => { readonly low: number; readonly high: number }): Guarding => {
  const guarded = new Set<string>()
  const counted: { readonly value: Tensor; readonly refused: (count: number) => Refused }[] = []
  /** Whether a slot's numbers are made by a kernel. */
  const isComputed = (slot: Slot): boolean => {
    const step = steps.findLast((each) => (each._tag === 'kernel' || each._tag === 'alias') && each.result === slot)
    return step?._tag === 'alias' ? isComputed(step.operand) : step !== undefined
  }
  const guard = (operand: Tensor, refusal: Refusal): void => {
    if (sizeOf(operand.shape) === 0) return
    const slot = array(operand)
    const key = `${slot}|${refusal.key}`
    if (guarded.has(key)) return
    guarded.add(key)
    if (isComputed(slot)) counted.push({ value: refusal.count(operand), refused: (count) => refusal.refused(count, operand) })
    else steps.push({ _tag: 'check', operand: slot, verify: refusal.verify })
  }
  const indices: Guarding['indices'] = (primitive, what, operand, below) => {
    const { low, high } = rangeOf(operand)
    if (low < 0 || high >= below) guard(operand, outside(primitive, what, below))
  }
  return {
    indices,
    regions: (node, images) => {
      const [boxes, image, level] = node.inputs.slice(-3)
      if (boxes !== undefined) guard(boxes, infinite(node.primitive, 'corner'))
      if (image !== undefined) indices(node.primitive, 'image', image, images)
      if (level !== undefined) indices(node.primitive, 'level', level, node.attributes.scales.length)
    },
    guards: () => {
      const counts = counted.map(({ value, refused }) => ({ slot: array(value), refused }))
      if (counts.length === 0) return undefined
      return { counts, total: array(counted.map(({ value }) => value).reduce((sum, value) => bind('add', {}, sum, value))) }
    }
  }
}
