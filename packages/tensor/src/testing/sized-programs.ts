import { bind, bindAll } from '../bind.js'
import { graphOf } from '../graph/graph.js'
import type { Graph } from '../graph/graph.js'
import { placeholder } from '../graph/trace.js'
import type { Tensor } from '../node.js'
import { key, uniform } from '../random/index.js'
import { floats, integers } from '../value.js'
import type { HostValue } from '../value.js'
import type { Tolerance } from './tolerances.js'

/** A program, what it is given, and how far a device may be off. */
export interface SizedProgram {
  readonly graph: Graph
  readonly inputs: readonly HostValue[]
  readonly tolerance: Tolerance
}

const exact: Tolerance = { absolute: 0, relative: 0 }
/** A sum in stages of any length. */
const staged: Tolerance = { absolute: 0, relative: 2e-6 }

const program = (inputs: readonly HostValue[], tolerance: Tolerance, f: (...operands: readonly Tensor[]) => readonly Tensor[]): SizedProgram => {
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  return { graph: graphOf(parameters, f(...parameters)), inputs, tolerance }
}

const sum = (axes: readonly number[], x: Tensor): Tensor => bind('reduceSum', { axes, keepDimensions: false }, x)

const functions = ['sin', 'cos', 'tanh', 'sigmoid', 'erf'] as const

const regions = (count: number, low: number, high: number): HostValue<'f32'> => {
  const corners = uniform(key(count), [count, 4], low, high).data
  return floats([count, 4], Array.from(corners, (x, k) => (k % 4 < 2 ? x : (corners[k - 2] ?? 0) + 0.25 + Math.abs(x) / 2)))
}

const zeros = (count: number): HostValue<'i32'> => integers([count], new Int32Array(count))

/**
 * Programs at sizes, and with numbers, that drawn instances of primitives do not have: more rows, rounds and elements than backends count
 * to, primes, special values, integers beyond single precision.
 */
export const sizedPrograms = {
  /** More than 65,535 rows. */
  'many-rows': () =>
    program([uniform(key(1), [70_001, 3], -1, 1), integers([5], [70_000, 0, 65_536, 65_535, 7])], staged, (x, places) => [
      sum([1], x),
      sum([0], x),
      bind('transpose', { permutation: [1, 0] }, x),
      bind('gather', { axis: 0, batchDims: 0 }, x, places),
      bind('matmul', {}, x, bind('constant', { value: floats([3, 2], [1, 2, 3, 4, 5, 6]) }))
    ]),
  /** Sums and maxima over more than 65,535 terms. */
  'long-sums': () =>
    program([uniform(key(2), [2, 70_001, 3], -1, 1), floats([2, 1, 3], [1, 2, 3, 4, 5, 6])], staged, (x, weight) => [
      sum([1], x),
      sum([0, 1, 2], bind('mul', {}, x, weight)),
      bind('reduceMax', { axes: [1], keepDimensions: false }, x),
      bind('argmax', { axis: 1 }, x)
    ]),
  /** Argmax over more than 65,535 elements, with equal ones and NaN. */
  'long-argmax': () => {
    const data = new Float32Array(4 * 66_000).fill(-Infinity)
    data[65_700] = 3
    data[65_900] = 3
    data[66_000 + 65_999] = NaN
    data[66_000 + 12] = Infinity
    data[2 * 66_000 + 5] = NaN
    data[2 * 66_000 + 65_999] = NaN
    return program([floats([4, 66_000], data)], exact, (x) => [bind('argmax', { axis: 1 }, x), bind('argmax', { axis: 0 }, x)])
  },
  /** ScatterAdd of more than 65,535 updates to one place. */
  'long-scatter': () =>
    program(
      [integers([2, 70_001], Int32Array.from({ length: 140_002 }, (_, k) => (k < 70_001 ? 1 : k % 3))), uniform(key(3), [2, 70_001, 2], -1, 1)],
      staged,
      (places, updates) => [bind('scatterAdd', { axis: 1, batchDims: 1, size: 3, uniqueIndices: false }, places, updates)]
    ),
  /** A window of more than 65,535 elements. */
  'wide-window': () =>
    program([uniform(key(4), [1, 1, 261, 263], -1, 1)], staged, (x) => [
      ...bindAll('maxPool2d', { kernel: [260, 260], stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1] }, x),
      bind('windowSum', { factor: [261, 263] }, x)
    ]),
  /** RoIAlign of more than 65,535 samples a bin. */
  'many-samples': () =>
    program([uniform(key(5), [1, 2, 301, 307], -1, 1), floats([2, 4], [0, 0, 307, 301, -900, -20, 305.5, 999]), zeros(2), zeros(2)], { absolute: 1e-5, relative: 1e-5 }, (x, ...rois) => [
      bind('roiAlign', { outputSize: [1, 1], samplingRatio: 0, scales: [1], aligned: true }, x, ...rois)
    ]),
  /** The gradient of RoIAlign by several thousand regions on one another. */
  'many-regions': () =>
    program([uniform(key(6), [2500, 2, 7, 7], -1, 1), regions(2500, -2, 40), zeros(2500), zeros(2500)], { absolute: 1e-4, relative: 2e-5 }, (dy, ...rois) => [
      bind('roiAlignGradient', { outputSize: [7, 7], samplingRatio: 2, scales: [0.25], aligned: true, featureShapes: [[1, 2, 11, 13]] }, dy, ...rois)
    ]),
  /** Primes, and no multiple of four. */
  primes: () =>
    program([uniform(key(7), [13, 17], -1, 1), uniform(key(8), [17, 19], -1, 1), uniform(key(9), [3, 5, 11, 7], -1, 1), uniform(key(10), [7, 5, 3, 3], -1, 1)], { absolute: 1e-5, relative: 1e-5 }, (a, b, x, w) => {
      const convolution = { stride: [2, 1], padding: [[1, 0], [2, 1]], dilation: [1, 2], groups: 1 } as const
      const y = bind('conv2d', convolution, x, w)
      return [
        bind('matmul', {}, a, b),
        y,
        bind('conv2dInputGradient', { ...convolution, inputSize: [11, 7] }, y, w),
        bind('conv2dWeightGradient', { ...convolution, kernel: [3, 3] }, x, y)
      ]
    }),
  /** Functions of moderate arguments. */
  functions: () =>
    program([uniform(key(11), [4001], -12, 12), uniform(key(12), [4001], -1000, 1000), uniform(key(13), [4001], 1e-3, 30)], { absolute: 5e-7, relative: 2e-7 }, (x, wide, positive) => [
      ...functions.map((primitive) => bind(primitive, {}, x)),
      bind('sin', {}, wide),
      bind('cos', {}, wide),
      bind('log', {}, positive),
      bind('atan2', {}, x, wide),
      bind('atan2', {}, wide, x),
      bind('exp', {}, bind('neg', {}, positive))
    ]),
  /** Functions of special values. */
  'special-values': () =>
    program([floats([6], [NaN, Infinity, -Infinity, 0, -0, 1])], { absolute: 6e-7, relative: 0 }, (x) => [
      ...([...functions, 'exp', 'log', 'relu', 'sqrt', 'abs', 'floor', 'sign', 'expm1'] as const).map((primitive) => bind(primitive, {}, x)),
      bind('maximum', {}, x, bind('reverse', { axes: [0] }, x)),
      // Quotients tell zeros of either sign apart.
      ...[x, bind('neg', {}, x), bind('sin', {}, x)].map((zero) => bind('div', {}, bind('constant', { value: floats([], [1]) }), zero))
    ]),
  /** Functions of pairs of special values, and reductions over them. */
  'special-pairs': () =>
    program(
      [
        floats([16], [NaN, 1, NaN, -1, NaN, 0, Infinity, NaN, -Infinity, NaN, 2, 3, -2, 0, -0, NaN]),
        floats([16], [1, NaN, -1, NaN, NaN, NaN, NaN, Infinity, NaN, -Infinity, 3, 2, -3, -0, 0, 0])
      ],
      { absolute: 6e-7, relative: 2e-7 },
      (x, y) => {
        const square = bind('reshape', { shape: [1, 1, 4, 4] }, x)
        const pairs = bind('reshape', { shape: [8, 2] }, x)
        return [
          ...(['maximum', 'minimum', 'less', 'lessEqual', 'equal', 'add', 'sub', 'mul', 'div', 'rem', 'pow'] as const).map((primitive) => bind(primitive, {}, x, y)),
          bind('atan2', {}, x, y),
          bind('atan2', {}, x, bind('add', {}, y, bind('constant', { value: floats([], [1]) }))),
          ...(['relu', 'ceil', 'round', 'log1p', 'sign', 'neg'] as const).map((primitive) => bind(primitive, {}, y)),
          bind('cast', { dtype: 'i32' }, x),
          bind('cast', { dtype: 'bool' }, x),
          bind('reduceMax', { axes: [1], keepDimensions: false }, pairs),
          bind('argmax', { axis: 1 }, pairs),
          bind('argmax', { axis: 0 }, x),
          sum([1], pairs),
          ...bindAll('maxPool2d', { kernel: [2, 2], stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1] }, square)
        ]
      }
    ),
  /** Integers that are small, and beyond what single precision holds. */
  'wide-integers': () =>
    program([integers([3], [7, -4096, 9]), integers([3], [2 ** 24 + 1, 2 ** 30, -(2 ** 24) - 3]), integers([3], [100, 5, 4000])], exact, (small, large, middle) => [
      bind('add', {}, small, small),
      bind('mul', {}, small, middle),
      bind('add', {}, large, small),
      bind('mul', {}, large, small),
      bind('cast', { dtype: 'f32' }, bind('sub', {}, middle, small)),
      bind('rem', {}, small, bind('constant', { value: integers([], [5]) })),
      bind('equal', {}, large, bind('add', {}, large, bind('sign', {}, bind('abs', {}, small))))
    ]),
  /** Parts without elements. */
  'empty-parts': () =>
    program([floats([0, 3], []), uniform(key(14), [5, 3], -1, 1), integers([0], [])], exact, (none, x, nowhere) => [
      bind('concatenate', { axis: 0 }, none, x, none, x),
      bind('gather', { axis: 0, batchDims: 0 }, x, nowhere),
      sum([0], none),
      bind('scatterAdd', { axis: 0, batchDims: 0, size: 2, uniqueIndices: false }, nowhere, none)
    ]),
  /** More than 2^24 elements. */
  'many-elements': () => {
    const count = 2 ** 24 + 43
    const data = Float32Array.from({ length: count }, (_, i) => (i % 9973) - 4000)
    return program([{ kind: 'host', dtype: 'f32', shape: [count], data }], staged, (x) => [
      sum([0], x),
      bind('reduceMax', { axes: [0], keepDimensions: false }, x),
      bind('slice', { start: [count - 10], limit: [count], stride: [3] }, bind('add', {}, x, x)),
      bind('reverse', { axes: [0] }, bind('slice', { start: [5], limit: [count], stride: [999_983] }, x))
    ])
  }
} as const satisfies Readonly<Record<string, () => SizedProgram>>

/** A name among `sizedPrograms`. */
export type SizedName = keyof typeof sizedPrograms
