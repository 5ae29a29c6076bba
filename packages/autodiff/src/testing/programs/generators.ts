import { bind, bindAll, graphOf, hostValue, placeholder, sizeOf, windowedSize } from '@tabula/tensor'
import type { ConvolutionAttributes, Graph, HostValue, NoAttributes, PoolAttributes, PrimitiveName, RoiAlignAttributes, Attributes, Tensor } from '@tabula/tensor'
import { add, at, div, indicator, mul, number, reshape, select, sub } from '../../expression.js'
import { beside, calm, data, image, over, positive, refitted, whole } from './generator.js'
import type { Generator, Step } from './generator.js'

/** Primitives without attributes. */
type Plain = { readonly [P in PrimitiveName]: NoAttributes extends Attributes[P] ? P : never }[PrimitiveName]

const unary =
  (primitive: Plain, prepare: (x: Tensor) => Tensor = (x) => x): Generator =>
  ({ real }) => [bind(primitive, {}, prepare(real()))]

const binary =
  (primitive: Plain, first: (x: Tensor) => Tensor = (x) => x, second: (x: Tensor) => Tensor = (x) => x): Generator =>
  (step) => {
    const a = step.real()
    return [bind(primitive, {}, first(a), second(beside(a, step.real(), step)))]
  }

/** A primitive that decides, put to use: one of two tensors by its answer. */
const decided =
  (primitive: 'equal' | 'less' | 'lessEqual'): Generator =>
  (step) => {
    const a = step.real()
    const b = beside(a, step.real(), step)
    return [select(bind(primitive, {}, a, b), mul(a, number(2)), b)]
  }

const logical =
  (primitive: 'and' | 'or'): Generator =>
  (step) => {
    const a = step.real()
    const b = beside(a, step.real(), step)
    return [select(bind(primitive, {}, bind('less', {}, a, b), bind('less', {}, number(0), a)), a, calm(b))]
  }

const someAxes = (rank: number, { below }: Step): readonly number[] => {
  const bits = below(2 ** rank)
  return Array.from({ length: rank }, (_, axis) => axis).filter((axis) => (bits >> axis) % 2 === 0)
}

/** A tensor with at least one axis. */
const withAxis = ({ real }: Step): Tensor => {
  const x = real()
  return x.shape.length === 0 ? reshape(x, [1]) : x
}

const two = <T>(next: () => T): readonly [T, T] => [next(), next()]

interface Convolution {
  readonly attributes: ConvolutionAttributes
  readonly x: Tensor
  readonly w: Tensor
  readonly y: Tensor
  readonly kernel: readonly [number, number]
}

/** A convolution of an image with a kernel of few elements, and its result. */
const convolution = (step: Step): Convolution => {
  const { below } = step
  const x = image(step.real(), step)
  const [, channels = 1, height = 1, width = 1] = x.shape
  const groups = channels === 2 && below(2) === 1 ? 2 : 1
  const kernel: readonly [number, number] = [1 + below(Math.min(2, height)), 1 + below(Math.min(2, width))]
  const attributes: ConvolutionAttributes = { stride: two(() => 1 + below(2)), padding: two(() => two(() => below(2))), dilation: [1, 1], groups }
  const w = over(refitted(step.real(), [groups, channels / groups, ...kernel]), kernel[0] * kernel[1])
  return { attributes, x, w, y: bind('conv2d', attributes, x, w), kernel }
}

const pooling = (step: Step): { readonly attributes: PoolAttributes; readonly x: Tensor } => {
  const { below } = step
  const x = image(step.real(), step)
  const [, , height = 1, width = 1] = x.shape
  const kernel: readonly [number, number] = [1 + below(Math.min(3, height)), 1 + below(Math.min(3, width))]
  return { x, attributes: { kernel, stride: two(() => 1 + below(2)), padding: [[0, below(1 + Math.floor(kernel[0] / 2))], [below(1 + Math.floor(kernel[1] / 2)), 0]], dilation: [1, 1] } }
}

const regions: RoiAlignAttributes = { outputSize: [2, 1], samplingRatio: 2, scales: [1], aligned: true }
const boxes = (): readonly Tensor[] => [data([2, 4], (index) => [0.1, 0.2, 1.3, 1.6, -0.4, 0.3, 2.2, 1.1][index] ?? 0), whole([2], () => 0), whole([2], () => 0)]

const closed = (like: Tensor, body: (x: Tensor) => readonly Tensor[]): Graph => {
  const x = placeholder('x', like)
  return graphOf([x], body(x))
}

/** What keeps a primitive out of random programs. */
export type NoGenerator = 'is the program’s own variable'

/**
 * How each primitive gets into a random program. A primitive without an entry does not compile. Those without a derivative choose
 * between tensors that have one, or multiply them by what is constant.
 */
export const programGenerators: { readonly [P in PrimitiveName]: Generator | NoGenerator } = {
  input: 'is the program’s own variable',
  constant: (step) => {
    const x = step.real()
    return [mul(x, data(x.shape, (index) => 1 + (index % 3) / 2))]
  },
  iota: (step) => {
    const x = withAxis(step)
    const axis = step.below(x.shape.length)
    return [mul(x, bind('iota', { shape: x.shape, dtype: 'f32', axis }))]
  },
  randomBits: (step) => {
    const x = step.real()
    const key = bind('constant', { value: hostValue('u32', [2], Uint32Array.of(0, step.below(1000))) })
    return [mul(x, mul(bind('cast', { dtype: 'f32' }, bind('randomBits', { shape: x.shape }, key)), number(2 ** -32)))]
  },
  neg: unary('neg'),
  abs: unary('abs'),
  sign: (step) => {
    const x = step.real()
    return [mul(x, bind('sign', {}, x))]
  },
  floor: (step) => {
    const x = step.real()
    return [sub(x, bind('floor', {}, x))]
  },
  ceil: (step) => {
    const x = step.real()
    return [sub(bind('ceil', {}, x), x)]
  },
  round: (step) => {
    const x = step.real()
    return [sub(x, bind('round', {}, x))]
  },
  exp: unary('exp', calm),
  expm1: unary('expm1', calm),
  log: unary('log', positive),
  log1p: unary('log1p', positive),
  sqrt: unary('sqrt', positive),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  sigmoid: unary('sigmoid'),
  erf: unary('erf'),
  relu: unary('relu'),
  not: (step) => {
    const x = step.real()
    return [select(bind('not', {}, bind('less', {}, x, number(0))), x, calm(x))]
  },
  cast: ({ real }) => [bind('cast', { dtype: 'f32' }, real())],
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul', undefined, calm),
  div: binary('div', undefined, positive),
  rem: binary('rem', undefined, positive),
  pow: binary('pow', positive, calm),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  atan2: binary('atan2', positive),
  equal: decided('equal'),
  less: decided('less'),
  lessEqual: decided('lessEqual'),
  and: logical('and'),
  or: logical('or'),
  select: (step) => {
    const a = step.real()
    const b = beside(a, step.real(), step)
    return [select(bind('less', {}, calm(a), number(0.1)), a, b)]
  },
  reshape: ({ real, below }) => {
    const x = real()
    const size = sizeOf(x.shape)
    return [bind('reshape', { shape: below(2) === 0 ? [size] : [1, size] }, x)]
  },
  transpose: (step) => {
    const { shape } = step.real()
    const x = refitted(step.real(), shape)
    const turn = step.below(Math.max(1, shape.length))
    return [bind('transpose', { permutation: shape.map((_, axis) => (axis + turn) % shape.length).reverse() }, x)]
  },
  broadcastTo: ({ real, below }) => {
    const x = real()
    return [bind('broadcastTo', { shape: sizeOf(x.shape) > 16 ? x.shape : [1 + below(2), ...x.shape.map((size) => (size === 1 ? 1 + below(3) : size))] }, x)]
  },
  slice: ({ real, below }) => {
    const x = real()
    const start = x.shape.map((size) => below(size))
    return [bind('slice', { start, limit: x.shape.map((size, axis) => size - below(size - (start[axis] ?? 0))), stride: x.shape.map(() => 1 + below(2)) }, x)]
  },
  pad: ({ real, below }) => {
    const x = real()
    const amounts = (): readonly number[] => x.shape.map(() => (sizeOf(x.shape) > 16 ? 0 : below(2)))
    return [bind('pad', { low: amounts(), high: amounts(), interior: amounts(), value: 0.5 }, x)]
  },
  concatenate: (step) => {
    const a = withAxis(step)
    return [bind('concatenate', { axis: step.below(a.shape.length) }, a, refitted(step.real(), a.shape))]
  },
  reverse: (step) => {
    const x = step.real()
    return [bind('reverse', { axes: someAxes(x.shape.length, step) }, x)]
  },
  reduceSum: (step) => {
    const x = step.real()
    return [bind('reduceSum', { axes: someAxes(x.shape.length, step), keepDimensions: step.below(2) === 1 }, x)]
  },
  reduceMax: (step) => {
    const x = step.real()
    return [bind('reduceMax', { axes: someAxes(x.shape.length, step), keepDimensions: step.below(2) === 1 }, x)]
  },
  argmax: (step) => {
    const x = withAxis(step)
    const axis = step.below(x.shape.length)
    const largest = reshape(bind('argmax', { axis }, x), [sizeOf(x.shape) / at(x.shape, axis)])
    return [bind('gather', { axis, batchDims: 0 }, x, largest)]
  },
  matmul: (step) => {
    const { real, below } = step
    const [m, k, n] = [1 + below(3), 1 + below(3), 1 + below(3)]
    const [first, second] = step.pick<readonly [readonly number[], readonly number[]]>([[[], []], [[2], []], [[], [2]], [[2], [2]], [[2, 1], [2]]])
    return [over(bind('matmul', {}, refitted(real(), [...first, m, k]), refitted(real(), [...second, k, n])), k)]
  },
  conv2d: (step) => [convolution(step).y],
  conv2dInputGradient: (step) => {
    const { attributes, x, w, y } = convolution(step)
    return [bind('conv2dInputGradient', { ...attributes, inputSize: [at(x.shape, 2), at(x.shape, 3)] }, refitted(step.real(), y.shape), w)]
  },
  conv2dWeightGradient: (step) => {
    const { attributes, x, y, kernel } = convolution(step)
    return [over(bind('conv2dWeightGradient', { ...attributes, kernel }, x, refitted(step.real(), y.shape)), sizeOf(y.shape))]
  },
  maxPool2d: (step) => {
    const { attributes, x } = pooling(step)
    return [bind('maxPool2d', attributes, x)]
  },
  maxPool2dGradient: (step) => {
    const { attributes, x } = pooling(step)
    const [images, channels, ...sides] = x.shape
    const out = ([0, 1] as const).map((axis) => windowedSize(sides[axis] ?? 1, attributes.kernel[axis], attributes.stride[axis], attributes.padding[axis], 1))
    return [bind('maxPool2dGradient', attributes, x, refitted(step.real(), [images ?? 1, channels ?? 1, ...out]))]
  },
  upsampleNearest: (step) => {
    const x = image(step.real(), step)
    const small = sizeOf(x.shape) <= 16
    return [bind('upsampleNearest', { factor: two(() => (small ? 1 + step.below(2) : 1)) }, x)]
  },
  windowSum: (step) => {
    const x = image(step.real(), step)
    const factor = ([2, 3] as const).map((axis) => (at(x.shape, axis) % 2 === 0 ? 1 + step.below(2) : 1))
    return [bind('windowSum', { factor: [at(factor, 0), at(factor, 1)] }, x)]
  },
  gather: (step) => {
    const x = withAxis(step)
    const axis = step.below(x.shape.length)
    const size = at(x.shape, axis)
    const [count, first] = [1 + step.below(3), step.below(size)]
    return [bind('gather', { axis, batchDims: 0 }, x, whole([count], (index) => (first + 2 * index) % size))]
  },
  scatterAdd: (step) => {
    const x = withAxis(step)
    const axis = step.below(x.shape.length)
    const size = 1 + step.below(3)
    return [bind('scatterAdd', { axis, batchDims: 0, size, uniqueIndices: false }, whole([at(x.shape, axis)], (index) => index % size), x)]
  },
  topK: (step) => {
    const x = withAxis(step)
    return [bind('topK', { k: 1 + step.below(at(x.shape, x.shape.length - 1)) }, x)]
  },
  nms: (step) => {
    const x = refitted(step.real(), [1, 4])
    const kept = bind('nms', { iouThreshold: 0.5, inclusive: false, offset: 0 }, data([1, 4, 4], (index) => [0, 0, 2, 2][index % 4] ?? 0), x)
    return [mul(x, indicator(kept))]
  },
  roiAlign: (step) => {
    const x = image(step.real(), step)
    return [bind('roiAlign', regions, x, ...boxes())]
  },
  roiAlignGradient: (step) => [bind('roiAlignGradient', { ...regions, featureShapes: [[1, 1, 2, 3]] }, refitted(step.real(), [2, 1, 2, 1]), ...boxes())],
  // Where its derivative, which is declared to be zero, is the true one.
  stopGradient: (step) => {
    const x = step.real()
    return [add(x, bind('stopGradient', {}, bind('floor', {}, x)))]
  },
  barrier: ({ real }) => bindAll('barrier', {}, real(), real()),
  allReduce: ({ real }) => [bind('allReduce', { label: 'random program' }, real())],
  call: ({ real }) => {
    const x = real()
    return bindAll('call', { name: 'damped', graph: closed(x, (inner) => [mul(inner, bind('exp', {}, bind('neg', {}, mul(inner, inner))))]) }, x)
  },
  cond: ({ real, below }) => {
    const x = real()
    const branches = [closed(x, (inner) => [calm(inner)]), closed(x, (inner) => [div(inner, number(2))]), closed(x, (inner) => [mul(inner, calm(inner))])]
    return bindAll('cond', { branches }, whole([], () => below(3)), x)
  },
  scan: (step) => {
    const x = withAxis(step)
    const [length = 1, ...slice] = x.shape
    const start = refitted(step.real(), slice)
    const [carry, part] = [placeholder('carry', start), placeholder('part', { shape: slice, dtype: 'f32' })]
    const next = calm(add(mul(carry, number(0.5)), part))
    const body = graphOf([carry, part], [next, mul(carry, part)])
    return bindAll('scan', { body, constants: 0, carries: 1, length, reverse: step.below(2) === 1 }, start, x)
  },
  // Of what is constant, as it has no derivative.
  host: ({ real }) => {
    const x = real()
    const doubled = (value: HostValue): HostValue => hostValue('f32', value.shape, Float64Array.from(value.data, (number) => 2 * number))
    return [add(x, bind('host', { name: 'doubled', outputs: [{ shape: x.shape, dtype: 'f32' }], run: (operands) => operands.map(doubled) }, bind('floor', {}, x)))]
  }
}
