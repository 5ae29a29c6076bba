import {
  bind,
  conv2d,
  convTranspose2d,
  cumulativeSum,
  gather,
  hostValue,
  max,
  maxPool2d,
  pad,
  product,
  roiAlign,
  select,
  slice,
  stack,
  stopGradient,
  sum,
  topK,
  variance
} from '@tabula/tensor'
import type { Attributes, NoAttributes, PrimitiveName, Shape, Tensor } from '@tabula/tensor'
import { tensor } from './run.js'

type Floats = Tensor<Shape, 'f32'>

/** Operands by name, and the arguments of a recorded operation. */
export interface Recorded {
  readonly of: (name: string) => Floats
  readonly has: (name: string) => boolean
  readonly indices: (name: string) => Tensor<Shape, 'i32'>
  readonly attribute: (name: string) => unknown
}

type Operation = (recorded: Recorded) => Tensor

type Plain = { readonly [P in PrimitiveName]: NoAttributes extends Attributes[P] ? P : never }[PrimitiveName]

const apply = (primitive: Plain, ...operands: readonly Tensor[]): Floats => bind(primitive, {}, ...operands) as Floats
const unary =
  (primitive: Plain): Operation =>
  ({ of }) =>
    apply(primitive, of('x'))
const binary =
  (primitive: Plain): Operation =>
  ({ of }) =>
    apply(primitive, of('a'), of('b'))
const number = (x: number): Floats => tensor([], [x])

const numberAt = (value: unknown): number => {
  if (typeof value !== 'number') throw new Error(`not a number: ${String(value)}`)
  return value
}
const list = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(numberAt) : [numberAt(value)])
const pair = (value: unknown): readonly [number, number] => {
  const [height = 0, width = height] = list(value)
  return [height, width]
}

/** Axes and whether they stay, as `dim` and `keepdim` say. */
const reduction = ({ attribute }: Recorded) => ({
  ...(attribute('dim') === null ? {} : { axes: list(attribute('dim')) }),
  keepDimensions: attribute('keepdim') === true
})

const withBias = ({ of, has }: Recorded, y: Floats): Floats =>
  has('b') ? apply('add', y, bind('reshape', { shape: [of('b').shape[0] ?? 0, ...y.shape.slice(2).map(() => 1)] }, of('b'))) : y

const matmul: Operation = ({ of }) => {
  const [a, b] = [of('a'), of('b')]
  const row = a.shape.length === 1 ? bind('reshape', { shape: [1, ...a.shape] }, a) : a
  const column = b.shape.length === 1 ? bind('reshape', { shape: [...b.shape, 1] }, b) : b
  const y = bind('matmul', {}, row, column)
  const batch = y.shape.slice(0, -2)
  const rows = a.shape.length === 1 ? [] : y.shape.slice(-2, -1)
  const columns = b.shape.length === 1 ? [] : y.shape.slice(-1)
  return bind('reshape', { shape: [...batch, ...rows, ...columns] }, y)
}

const boxes = (
  rois: Floats
): { readonly boxes: Floats; readonly image: Tensor<Shape, 'i32'>; readonly level: Tensor<Shape, 'i32'> } => {
  const count = rois.shape[0] ?? 0
  const image = bind('reshape', { shape: [count] }, slice({ axis: 1, start: 0, limit: 1 })(rois))
  const level = bind('constant', { value: hostValue('i32', [count], new Int32Array(count)) })
  return {
    boxes: slice({ axis: 1, start: 1 })(rois),
    image: bind('cast', { dtype: 'i32' }, image) as Tensor<Shape, 'i32'>,
    level: level as Tensor<Shape, 'i32'>
  }
}

/** The recorded operations that are a primitive, or a handful of them. */
export const torchOperations: Readonly<Record<string, Operation>> = {
  conv2d: (recorded) => {
    const { of, attribute } = recorded
    const options = {
      stride: pair(attribute('stride')),
      padding: pair(attribute('padding')),
      dilation: pair(attribute('dilation')),
      groups: numberAt(attribute('groups'))
    }
    return withBias(recorded, conv2d(of('w'), options)(of('x')))
  },
  conv_transpose2d: (recorded) => {
    const { of, attribute } = recorded
    const y = convTranspose2d(of('w'), {
      stride: pair(attribute('stride')),
      padding: pair(attribute('padding')),
      dilation: pair(attribute('dilation')),
      outputPadding: pair(attribute('output_padding')),
      groups: numberAt(attribute('groups'))
    })(of('x'))
    return withBias(recorded, y)
  },
  matmul,
  linear: ({ of, has }) => {
    const y = apply('matmul', of('x'), bind('transpose', { permutation: [1, 0] }, of('w')))
    return has('b') ? apply('add', y, of('b')) : y
  },
  max_pool2d: ({ of, attribute }) =>
    maxPool2d({
      kernel: pair(attribute('kernel')),
      stride: pair(attribute('stride')),
      padding: pair(attribute('padding')),
      dilation: pair(attribute('dilation')),
      ceilMode: attribute('ceil_mode') === true
    })(of('x')),
  roi_align: ({ of, attribute }) =>
    roiAlign({
      outputSize: pair(attribute('output_size')),
      samplingRatio: Math.max(0, numberAt(attribute('sampling_ratio'))),
      scales: [numberAt(attribute('spatial_scale'))],
      aligned: attribute('aligned') === true
    })([of('x')], boxes(of('rois'))),
  relu: unary('relu'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  abs: unary('abs'),
  neg: unary('neg'),
  erf: unary('erf'),
  sin: unary('sin'),
  cos: unary('cos'),
  floor: unary('floor'),
  ceil: unary('ceil'),
  round: unary('round'),
  sign: unary('sign'),
  exp: unary('exp'),
  log: unary('log'),
  log1p: unary('log1p'),
  sqrt: unary('sqrt'),
  square: ({ of }) => apply('mul', of('x'), of('x')),
  expm1: ({ of }) => apply('expm1', apply('mul', of('x'), number(0.1))),
  rsqrt: ({ of }) => apply('div', number(1), apply('sqrt', of('x'))),
  reciprocal: ({ of }) => apply('div', number(1), of('x')),
  relu6: ({ of }) => {
    const x = apply('relu', of('x'))
    return select(bind('less', {}, x, number(6)) as Tensor<Shape, 'bool'>, x, number(6))
  },
  silu: ({ of }) => apply('mul', of('x'), apply('sigmoid', of('x'))),
  gelu: ({ of }) =>
    apply(
      'mul',
      apply('mul', of('x'), number(0.5)),
      apply('add', apply('erf', apply('div', of('x'), number(Math.SQRT2))), number(1))
    ),
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  maximum: binary('maximum'),
  minimum: binary('minimum'),
  atan2: binary('atan2'),
  pow: ({ of, attribute }) =>
    attribute('exponent') === undefined
      ? apply('pow', of('a'), of('b'))
      : apply('pow', of('x'), number(numberAt(attribute('exponent')))),
  where: ({ of }) => bind('select', {}, of('c'), of('a'), of('b')),
  sum: (recorded) => sum(reduction(recorded))(recorded.of('x')),
  amax: (recorded) => max(reduction(recorded))(recorded.of('x')),
  var: (recorded) =>
    variance({ ...reduction(recorded), correction: recorded.attribute('unbiased') === true ? 1 : 0 })(recorded.of('x')),
  cumsum: ({ of, attribute }) => cumulativeSum({ axis: numberAt(attribute('dim')) })(of('x')),
  prod: ({ of, attribute }) => product({ axis: numberAt(attribute('dim')) })(of('x')),
  topk: ({ of, attribute }) => topK({ k: numberAt(attribute('k')) })(of('x')).values,
  permute: ({ of, attribute }) => bind('transpose', { permutation: list(attribute('dims')) }, of('x')),
  permute_reshape: ({ of, attribute }) =>
    bind('reshape', { shape: list(attribute('shape')) }, bind('transpose', { permutation: list(attribute('dims')) }, of('x'))),
  slice: ({ of }) => slice({ axis: 1, start: 1, limit: 4, stride: 2 }, { axis: 2, stride: 2 })(of('x')),
  cat: ({ of, attribute }) => bind('concatenate', { axis: numberAt(attribute('dim')) }, of('a'), of('b'), of('c')),
  stack: ({ of, attribute }) => stack({ axis: numberAt(attribute('dim')) })([of('a'), of('b')]),
  index_select: ({ of, indices, attribute }) => gather(indices('index'), { axis: numberAt(attribute('dim')) })(of('x')),
  gather: ({ of, indices }) => gather(indices('index'), { axis: 2, batchDims: 2 })(of('x')),
  flip: ({ of, attribute }) => bind('reverse', { axes: list(attribute('dims')) }, of('x')),
  masked_fill: ({ of, attribute }) => bind('select', {}, of('m'), number(numberAt(attribute('value'))), of('x')),
  pad_constant: ({ of, attribute }) => {
    const [left = 0, right = 0, top = 0, bottom = 0] = list(attribute('pad'))
    const none = of('x')
      .shape.slice(2)
      .map(() => 0)
    return pad({ low: [...none, top, left], high: [...none, bottom, right], value: numberAt(attribute('value')) })(of('x'))
  },
  graph: ({ of }) => {
    const x = of('x')
    const y = apply('add', apply('mul', x, x), apply('mul', sum({ axes: [1], keepDimensions: true })(x), stopGradient(x)))
    return bind('matmul', {}, apply('relu', y), of('w'))
  }
}
