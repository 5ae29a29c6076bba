import { bind, bindAll } from '../bind.js'
import type { Tensor } from '../node.js'
import type { Check, Checked, Convolved, ConvolvedDim, Dim, Double, MatMul, Shape, TransposeConvolved } from '../shape-types.js'
import type { Padding2d } from '../shape.js'
import { assume } from './typed.js'

/** One number for both axes, or `[height, width]`. */
export type Pair = number | readonly [number, number]

const pair = (x: Pair): readonly [number, number] => (typeof x === 'number' ? [x, x] : x)

/** One number for all sides, `[height, width]`, or `[[top, bottom], [left, right]]`. */
export type PaddingOption = Pair | Padding2d

const padding2d = (padding: PaddingOption): Padding2d => {
  if (typeof padding === 'number') return [
    [padding, padding],
    [padding, padding]
  ]
  const [vertical, horizontal] = padding
  const both = (side: number | readonly [number, number]): readonly [number, number] => (typeof side === 'number' ? [side, side] : side)
  return [both(vertical), both(horizontal)]
}

/** Geometry of a convolution; PyTorch's defaults. */
export interface Conv2dOptions<S extends Pair = Pair, P extends PaddingOption = PaddingOption, D extends Pair = Pair, G extends number = number> {
  readonly stride?: S
  readonly padding?: P
  readonly dilation?: D
  readonly groups?: G
}

/** A number for both axes; two numbers are as good as none for the compiler. */
type Single<Option> = Option extends number ? Option : number

/**
 * The shape of a convolution. Its options are parameters of their own, whose literals are one type wherever they occur: an object's type would be
 * another one at every call, and nothing the compiler has found out could be used again.
 */
type ConvolvedBy<X extends Shape, W extends Shape, S extends Pair, P extends PaddingOption, D extends Pair, G extends number> = Convolved<
  X,
  W,
  Single<S>,
  D extends 1 ? Single<P> : number,
  G
>

const convolution = ({ stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv2dOptions) => ({
  stride: pair(stride),
  padding: padding2d(padding),
  dilation: pair(dilation),
  groups
})

/**
 * Matrix product `[…, M, K] × […, K, N] → […, M, N]`; leading axes broadcast. Throws `ShapeError`.
 */
export const matmul = <A extends Shape, B extends Shape>(a: Tensor<A, 'f32'>, b: Tensor<B, 'f32'> & Check<MatMul<A, B>>): Tensor<Checked<MatMul<A, B>>, 'f32'> =>
  assume(bind('matmul', {}, a, b))

/**
 * Two-dimensional cross-correlation (PyTorch's `conv2d`) of `[N, C, H, W]` with weights `[O, C/groups, KH, KW]`.
 * Throws `ShapeError`; wrong channels known to the compiler do not compile.
 */
export const conv2d =
  <W extends Shape, const S extends Pair = 1, const P extends PaddingOption = 0, const D extends Pair = 1, const G extends number = 1>(
    weights: Tensor<W, 'f32'>,
    options: Conv2dOptions<S, P, D, G> = {}
  ) =>
  <X extends Shape>(x: Tensor<X, 'f32'> & Check<ConvolvedBy<X, W, S, P, D, G>>): Tensor<Checked<ConvolvedBy<X, W, S, P, D, G>>, 'f32'> =>
    assume(bind('conv2d', convolution(options), x, weights))

/**
 * Transposed convolution (PyTorch's `conv_transpose2d`) of `[N, C, H, W]` with weights `[C, O/groups, KH, KW]`:
 * side (H − 1)·stride − 2·padding + dilation·(KH − 1) + outputPadding + 1. Throws `ShapeError`;
 * wrong channels known to the compiler do not compile.
 */
export const convTranspose2d =
  <W extends Shape>(weights: Tensor<W, 'f32'>, { outputPadding = 0, ...options }: Conv2dOptions & { readonly outputPadding?: Pair } = {}) =>
  <X extends Shape>(x: Tensor<X, 'f32'> & Check<TransposeConvolved<X, W>>): Tensor<Checked<TransposeConvolved<X, W>>, 'f32'> => {
    const attributes = convolution(options)
    const extra = pair(outputPadding)
    const [down, across] = ([0, 1] as const).map((axis) => {
      const [before, after] = attributes.padding[axis]
      const [kernel, stride] = [weights.shape[2 + axis] ?? 1, attributes.stride[axis]]
      const side = ((x.shape[2 + axis] ?? 1) - 1) * stride - before - after + attributes.dilation[axis] * (kernel - 1) + extra[axis] + 1
      if (extra[axis] < stride) return { side, padding: [before, after] as const, zeros: 0 }
      // A convolution of that many rows would have more outputs than x has rows: pad less after, and append what no weight reaches.
      const zeros = Math.max(0, extra[axis] - after)
      return { side: side - zeros, padding: [before, Math.max(0, after - extra[axis])] as const, zeros }
    })
    if (down === undefined || across === undefined) throw new RangeError('a map has two axes')
    const padding = [down.padding, across.padding] as const
    const y = bind('conv2dInputGradient', { ...attributes, padding, inputSize: [down.side, across.side] }, x, weights)
    if (down.zeros === 0 && across.zeros === 0) return assume(y)
    return assume(bind('pad', { low: [0, 0, 0, 0], high: [0, 0, down.zeros, across.zeros], interior: [0, 0, 0, 0], value: 0 }, y))
  }

/** Geometry of a pooling window; the stride is the kernel where not given. */
export interface Pool2dOptions {
  readonly kernel: Pair
  readonly stride?: Pair
  readonly padding?: PaddingOption
  readonly dilation?: Pair
  /** Round the output size up (PyTorch's `ceil_mode`): a last, partial window that starts inside the map counts. */
  readonly ceilMode?: boolean
}

const pool = ({ kernel, stride = kernel, padding = 0, dilation = 1, ceilMode = false }: Pool2dOptions, x: Tensor) => {
  const window = { kernel: pair(kernel), stride: pair(stride), dilation: pair(dilation) }
  const sides = padding2d(padding)
  const widened = (axis: 0 | 1): readonly [number, number] => {
    const [before, after] = sides[axis]
    if (!ceilMode) return [before, after]
    const size = x.shape[2 + axis] ?? 0
    const step = window.stride[axis]
    const span = window.dilation[axis] * (window.kernel[axis] - 1) + 1
    const windows = Math.ceil((size + before + after - span) / step) + 1
    const last = (windows - 1) * step >= size + before ? windows - 1 : windows
    return [before, Math.max(after, (last - 1) * step + span - size - before)]
  }
  return { ...window, padding: [widened(0), widened(1)] as const }
}

type PooledDim<D extends Dim, O extends Pool2dOptions> = O extends { readonly kernel: infer K extends number; readonly stride: infer S extends number; readonly padding: infer P extends number }
  ? ConvolvedDim<D, K, S, P>
  : number

type Pooled<X extends Shape, O extends Pool2dOptions> = X extends readonly [infer N extends Dim, infer C extends Dim, infer H extends Dim, infer W extends Dim]
  ? readonly [N, C, PooledDim<H, O>, PooledDim<W, O>]
  : Shape

/** Maximum over windows of `[N, C, H, W]`, padded with −∞ (PyTorch's `max_pool2d`). */
export const maxPool2d =
  <const O extends Pool2dOptions>(options: O) =>
  <X extends Shape>(x: Tensor<X, 'f32'>): Tensor<Pooled<X, O>, 'f32'> =>
    assume(bind('maxPool2d', pool(options, x), x))

/** As `maxPool2d`, with the flat index y·W + x of each maximum. */
export const maxPool2dWithIndices =
  (options: Pool2dOptions) =>
  (x: Tensor<Shape, 'f32'>): { readonly values: Tensor<Shape, 'f32'>; readonly indices: Tensor<Shape, 'i32'> } => {
    const [values, indices] = bindAll('maxPool2d', pool(options, x), x)
    if (values === undefined || indices === undefined) throw new RangeError('maxPool2d has two outputs')
    return { values: assume(values), indices: assume(indices) }
  }

type Upsampled<X extends Shape, F> = X extends readonly [infer N extends Dim, infer C extends Dim, infer H extends Dim, infer W extends Dim]
  ? F extends 2
    ? readonly [N, C, Double<H>, Double<W>]
    : readonly [N, C, number, number]
  : Shape

/** Each element of `[N, C, H, W]` repeated `factor` times along height and width (nearest-neighbour upsampling). */
export const upsampleNearest =
  <const F extends Pair>({ factor }: { readonly factor: F }) =>
  <X extends Shape>(x: Tensor<X, 'f32'>): Tensor<Upsampled<X, F>, 'f32'> =>
    assume(bind('upsampleNearest', { factor: pair(factor) }, x))

/** Sums of disjoint `factor` windows of `[N, C, H, W]`. */
export const windowSum =
  ({ factor }: { readonly factor: Pair }) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> =>
    assume(bind('windowSum', { factor: pair(factor) }, x))
