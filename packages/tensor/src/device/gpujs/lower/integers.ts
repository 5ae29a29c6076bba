import type { Graph } from '../../../graph/graph.js'
import type { AnyNode, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { mostExactInteger } from '../kernel/storage.js'

/** What is known of a value before a program runs. A real one may be NaN besides. */
export interface Known {
  readonly low: number
  readonly high: number
  /** Whether its elements are whole numbers that f32 holds. */
  readonly representable: boolean
}

const unknown: Known = { low: -(2 ** 31), high: 2 ** 31, representable: false }
const unknownReal: Known = { low: -Infinity, high: Infinity, representable: false }

const within = (low: number, high: number): Known => ({ low, high, representable: Math.max(Math.abs(low), Math.abs(high)) <= mostExactInteger })

const union = (all: readonly Known[]): Known => ({
  low: Math.min(...all.map(({ low }) => low)),
  high: Math.max(...all.map(({ high }) => high)),
  representable: all.every(({ representable }) => representable)
})

const scaled = ({ low, high }: Known, terms: number): Known => within(Math.min(0, low) * terms, Math.max(0, high) * terms)

/** How many elements of the first operand make one of the result. */
const termsOf = ({ inputs: [first], outputs: [result] }: AnyNode): number => (first === undefined || result === undefined ? 1 : Math.ceil(sizeOf(first.shape) / Math.max(1, sizeOf(result.shape))))

/** Bounds of real numbers that arithmetic may round outward a little. */
const between = (ends: readonly number[]): Known => {
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  if (Number.isNaN(low) || Number.isNaN(high)) return unknownReal
  return { low: low - Math.abs(low) * 1e-6, high: high + Math.abs(high) * 1e-6, representable: false }
}

/** The four combinations of two intervals' ends. */
const combined = (a: Known, b: Known, f: (x: number, y: number) => number): readonly number[] => [f(a.low, b.low), f(a.low, b.high), f(a.high, b.low), f(a.high, b.high)]

/** What a real result of a node is known to be, so far as integers are made of such: counts, and numbers kept in bounds. */
const realResultOf = (node: AnyNode, knownOf: (index: number) => Known): Known => {
  const [a, b] = [knownOf(0), knownOf(1)]
  switch (node.primitive) {
    case 'constant': {
      const { data } = node.attributes.value
      let [low, high] = [Infinity, -Infinity]
      for (const x of data) [low, high] = [Math.min(low, x), Math.max(high, x)]
      return low <= high ? { low, high, representable: false } : unknownReal
    }
    case 'cast':
    case 'reshape':
    case 'transpose':
    case 'broadcastTo':
    case 'slice':
    case 'reverse':
    case 'reduceMax':
    case 'gather':
    case 'stopGradient':
      return a
    case 'floor':
      return { ...a, low: Math.floor(a.low) }
    case 'relu':
      return { ...a, low: Math.max(0, a.low), high: Math.max(0, a.high) }
    case 'maximum':
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high), representable: false }
    case 'minimum':
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high), representable: false }
    case 'select':
      return union([b, knownOf(2)])
    case 'add':
      return between(combined(a, b, (x, y) => x + y))
    case 'sub':
      return between(combined(a, b, (x, y) => x - y))
    case 'mul':
      return between(combined(a, b, (x, y) => x * y))
    case 'div':
      return b.low > 0 || b.high < 0 ? between(combined(a, b, (x, y) => x / y)) : unknownReal
    case 'reduceSum': {
      const sum = a.representable ? scaled(a, termsOf(node)) : unknownReal
      return sum.representable ? sum : unknownReal
    }
    default:
      return unknownReal
  }
}

/** What an i32 result of a node is known to be, from what its operands are. */
const resultOf = (node: AnyNode, output: number, knownOf: (index: number) => Known): Known => {
  const [a, b] = [knownOf(0), knownOf(1)]
  const [first] = node.inputs
  switch (node.primitive) {
    case 'constant': {
      const { data } = node.attributes.value
      let [low, high] = [data[0] ?? 0, data[0] ?? 0]
      for (const x of data) [low, high] = [Math.min(low, x), Math.max(high, x)]
      return within(low, high)
    }
    case 'iota':
      return within(0, Math.max(0, (node.attributes.shape[node.attributes.axis] ?? 1) - 1))
    case 'argmax':
      return within(0, Math.max(0, (first?.shape[node.attributes.axis] ?? 1) - 1))
    case 'topK':
      return output === 0 ? a : within(0, Math.max(0, (first?.shape.at(-1) ?? 1) - 1))
    case 'maxPool2d':
      return output === 0 ? a : within(0, Math.max(0, first === undefined ? 0 : sizeOf(first.shape.slice(2)) - 1))
    case 'cast':
      // Reals that are whole numbers of the type are f32 already. NaN becomes 0.
      if (first?.dtype === 'f32') return { low: Math.max(unknown.low, Math.min(0, Math.trunc(a.low))), high: Math.min(unknown.high, Math.max(0, Math.trunc(a.high))), representable: true }
      return a
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
      return within(a.low > 0 ? a.low : 0, Math.max(-a.low, a.high))
    case 'sign':
      return within(-1, 1)
    case 'add':
      return within(a.low + b.low, a.high + b.high)
    case 'sub':
      return within(a.low - b.high, a.high - b.low)
    case 'mul': {
      const products = combined(a, b, (x, y) => x * y)
      return within(Math.min(...products), Math.max(...products))
    }
    case 'div':
    case 'rem': {
      const most = Math.max(Math.abs(a.low), Math.abs(a.high))
      return within(a.low < 0 ? -most : 0, most)
    }
    case 'reduceSum':
    case 'windowSum':
      return scaled(a, termsOf(node))
    case 'scatterAdd':
      return scaled(b, node.inputs[1] === undefined ? 1 : sizeOf(node.inputs[1].shape))
    default:
      return unknown
  }
}

/** The operands of a node that are places in others, with how many places there are: they are checked to be in range where they are used. */
const placesIn = (node: AnyNode, index: number): number | undefined => {
  const axisSize = (shape: readonly number[] | undefined, axis: number): number => shape?.[axis] ?? 0
  switch (node.primitive) {
    case 'gather':
      return index === 1 ? axisSize(node.inputs[0]?.shape, node.attributes.axis) : undefined
    case 'scatterAdd':
      return index === 0 ? node.attributes.size : undefined
    case 'roiAlign':
    case 'roiAlignGradient': {
      const images = node.primitive === 'roiAlign' ? node.inputs[0]?.shape : node.attributes.featureShapes[0]
      if (index === node.inputs.length - 2) return axisSize(images, 0)
      return index === node.inputs.length - 1 ? node.attributes.scales.length : undefined
    }
    default:
      return undefined
  }
}

/** What is known of a program's integers. */
export interface Integers {
  /** The nodes that run on the host because of their integers, with the reason. */
  readonly hosted: ReadonlyMap<AnyNode, string>
  /** Bounds of an i32 value. */
  readonly rangeOf: (value: Tensor) => Known
}

/**
 * Carries bounds from constants, positions and inputs through the arithmetic. A node whose integers may exceed 2²⁴, to
 * which f32 is exact, runs on the host, and so does a division by what may be zero. `inputs` are the largest magnitudes of the program's
 * inputs, infinite where nothing is known.
 */
export const integersOf = (nodes: readonly AnyNode[], parameters: Graph['inputs'] = [], inputs: readonly number[] = []): Integers => {
  const reason = 'its integers may exceed 2^24, to which the engine is exact'
  const known = new Map<AnyNode, Known[]>()
  const hosted = new Map<AnyNode, string>()
  parameters.forEach(({ node, dtype }, index) => {
    const most = inputs[index] ?? Infinity
    if (dtype === 'i32' && Number.isFinite(most)) known.set(node, [within(-most, most)])
  })
  const knownOf = ({ node, dtype, index }: Tensor): Known => (dtype === 'bool' ? within(0, 1) : (known.get(node)?.[index] ?? (dtype === 'f32' ? unknownReal : unknown)))
  for (const node of nodes) {
    if (node.primitive === 'input' || node.primitive === 'cond' || node.primitive === 'scan') continue
    const operand = (index: number): Known => (node.inputs[index] === undefined ? unknown : knownOf(node.inputs[index]))
    const results = node.outputs.map(({ dtype }, index) => (dtype === 'i32' ? resultOf(node, index, operand) : dtype === 'f32' ? realResultOf(node, operand) : unknown))
    known.set(node, results)
    const wide = node.inputs.some((input, index) => input.dtype === 'i32' && (placesIn(node, index) ?? Infinity) > mostExactInteger && !knownOf(input).representable)
    const beyond = node.outputs.some(({ dtype }, index) => dtype === 'i32' && results[index]?.representable !== true)
    if (wide || beyond) hosted.set(node, reason)
    else if ((node.primitive === 'div' || node.primitive === 'rem') && node.inputs[1]?.dtype === 'i32') {
      const { low, high } = knownOf(node.inputs[1])
      if (low <= 0 && high >= 0) hosted.set(node, 'a divisor may be zero, which integers refuse')
    }
  }
  return { hosted, rangeOf: knownOf }
}
