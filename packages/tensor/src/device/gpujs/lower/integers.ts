import type { AnyNode, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { mostExactInteger } from '../kernel/storage.js'

/** What is known of an i32 value before a program runs. */
interface Known {
  readonly low: number
  readonly high: number
  /** Whether f32 holds each of its elements. */
  readonly representable: boolean
}

const unknown: Known = { low: -(2 ** 31), high: 2 ** 31, representable: false }

const within = (low: number, high: number): Known => ({ low, high, representable: Math.max(Math.abs(low), Math.abs(high)) <= mostExactInteger })

const union = (all: readonly Known[]): Known => ({
  low: Math.min(...all.map(({ low }) => low)),
  high: Math.max(...all.map(({ high }) => high)),
  representable: all.every(({ representable }) => representable)
})

const scaled = ({ low, high }: Known, terms: number): Known => within(Math.min(0, low) * terms, Math.max(0, high) * terms)

/** What an i32 result of a node is known to be, from what its operands are. */
const resultOf = (node: AnyNode, knownOf: (index: number) => Known): Known => {
  const [a, b] = [knownOf(0), knownOf(1)]
  const [first] = node.inputs
  switch (node.primitive) {
    case 'constant': {
      const { data } = node.attributes.value
      let [low, high] = [0, 0]
      for (const x of data) [low, high] = [Math.min(low, x), Math.max(high, x)]
      return within(low, high)
    }
    case 'iota':
      return within(0, node.attributes.shape[node.attributes.axis] ?? 0)
    case 'argmax':
    case 'topK':
    case 'maxPool2d':
      return within(0, first === undefined ? 0 : sizeOf(first.shape))
    case 'cast':
      // Reals that are whole numbers of the type are f32 already.
      return first?.dtype === 'bool' ? within(0, 1) : first?.dtype === 'f32' ? { ...unknown, representable: true } : a
    case 'reshape':
    case 'transpose':
    case 'broadcastTo':
    case 'slice':
    case 'reverse':
    case 'upsampleNearest':
    case 'reduceMax':
    case 'gather':
      return a
    case 'pad':
      return union([a, within(node.attributes.value, node.attributes.value)])
    case 'concatenate':
      return union(node.inputs.map((_, index) => knownOf(index)))
    case 'select':
      return union([b, knownOf(2)])
    case 'maximum':
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high), representable: a.representable && b.representable }
    case 'minimum':
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high), representable: a.representable && b.representable }
    case 'neg':
      return within(-a.high, -a.low)
    case 'abs':
      return within(0, Math.max(-a.low, a.high))
    case 'sign':
      return within(-1, 1)
    case 'add':
      return within(a.low + b.low, a.high + b.high)
    case 'sub':
      return within(a.low - b.high, a.high - b.low)
    case 'mul': {
      const products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
      return within(Math.min(...products), Math.max(...products))
    }
    case 'div':
    case 'rem': {
      const most = Math.max(-a.low, a.high)
      return within(-most, most)
    }
    case 'reduceSum':
      return scaled(a, first === undefined ? 1 : sizeOf(first.shape))
    case 'scatterAdd':
      return scaled(b, node.inputs[1] === undefined ? 1 : sizeOf(node.inputs[1].shape))
    default:
      return unknown
  }
}

/** Which operands of a node are places in others, which are checked to be in range wherever they are used. */
const isPlace = (node: AnyNode, index: number): boolean =>
  (node.primitive === 'gather' && index === 1) || (node.primitive === 'scatterAdd' && index === 0)

/**
 * The nodes whose integers may exceed 2²⁴, to which f32 is exact, with that reason: they run on the host. Bounds are carried from
 * constants and positions through the arithmetic.
 */
export const wideIntegers = (nodes: readonly AnyNode[]): ReadonlyMap<AnyNode, string> => {
  const reason = 'its integers may exceed 2^24, to which the engine is exact'
  const known = new Map<AnyNode, Known>()
  const hosted = new Map<AnyNode, string>()
  const knownOf = ({ node, dtype }: Tensor): Known => (dtype === 'bool' ? within(0, 1) : (known.get(node) ?? unknown))
  for (const node of nodes) {
    if (node.primitive === 'input' || node.primitive === 'cond') continue
    const result = node.outputs.some(({ dtype }) => dtype === 'i32')
      ? resultOf(node, (index) => (node.inputs[index] === undefined ? unknown : knownOf(node.inputs[index])))
      : undefined
    if (result !== undefined) known.set(node, result)
    const wide = node.inputs.some((input, index) => input.dtype === 'i32' && !isPlace(node, index) && !knownOf(input).representable)
    if (wide || result?.representable === false) hosted.set(node, reason)
  }
  return hosted
}
