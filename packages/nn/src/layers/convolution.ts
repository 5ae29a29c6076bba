import { add, conv2d as convolve, convTranspose2d as convolveTransposed, reshape } from '@tabula/tensor'
import type { HostValue, Key, Pair, PaddingOption, Shape, Tensor } from '@tabula/tensor'
import { heNormal, zerosInit } from '../init/initializers.js'
import type { Initializer } from '../init/initializers.js'
import { drawLeaf, stateless } from '../layer.js'
import type { Layer } from '../layer.js'
import type { Spatial } from '../signature.js'
import type { NoLeaves, Parameter } from '../tree.js'

/** A kernel or a matrix. */
export interface Weight {
  readonly weight: Parameter
}

/** Weights and a bias for each output channel. */
export interface WeightAndBias extends Weight {
  readonly bias: Parameter
}

/** Settings of a convolution; the defaults are a 1×1 kernel, stride 1, the padding that keeps the size, a bias, He initialization. */
export interface ConvolutionOptions {
  readonly kernel?: Pair
  readonly stride?: Pair
  /** `(kernel − 1) / 2 · dilation`, rounded down, where not given. */
  readonly padding?: PaddingOption
  readonly dilation?: Pair
  readonly groups?: number
  readonly bias?: boolean
  /** Of the weights `[out, in / groups, height, width]`. */
  readonly init?: Initializer
  readonly biasInit?: Initializer
}

type Stride<O> = O extends { readonly stride: infer S } ? (S extends number ? S : number) : 1

/** The factor is known for strides and paddings that divide every divisible size exactly. */
type Down<O> = O extends { readonly padding: PaddingOption }
  ? O extends { readonly kernel: 1; readonly padding: 0 } | { readonly kernel: 3; readonly padding: 1 } | { readonly kernel: 5; readonly padding: 2 } | { readonly kernel: 7; readonly padding: 3 }
    ? Stride<O>
    : O extends { readonly kernel: 2; readonly stride: 2; readonly padding: 0 }
      ? 2
      : number
  : O extends { readonly kernel: infer K }
    ? K extends 1 | 3 | 5 | 7
      ? O extends { readonly dilation: Pair }
        ? number
        : Stride<O>
      : number
    : Stride<O>

type Leaves<O> = O extends { readonly bias: false } ? Weight : boolean extends BiasOf<O> ? WeightAndBias | Weight : WeightAndBias
type BiasOf<O> = O extends { readonly bias: infer B } ? B : true

const pair = (x: Pair): readonly [number, number] => (typeof x === 'number' ? [x, x] : x)

const withBias = (y: Tensor<Shape, 'f32'>, bias: Parameter | undefined): Tensor<Shape, 'f32'> =>
  bias === undefined ? y : add(y, reshape([1, -1, 1, 1])(bias))

/**
 * Convolution of `[N, In, H, W]` maps (PyTorch's `Conv2d`): leaves `weight` `[Out, In / groups, KH, KW]` and, unless `bias: false`,
 * `bias` `[Out]`.
 */
export const conv2d = <const In extends number, const Out extends number, const O extends ConvolutionOptions = Readonly<Record<never, never>>>(
  inputs: In,
  outputs: Out,
  options?: O
): Layer<Leaves<O>, NoLeaves, Spatial<In, Out, Down<O>>> => {
  const { kernel = 1, stride = 1, dilation = 1, groups = 1, bias = true, init = heNormal('out'), biasInit = zerosInit, ...rest }: ConvolutionOptions = options ?? {}
  const [height, width] = pair(kernel)
  const [dilationY, dilationX] = pair(dilation)
  const padding = rest.padding ?? ([Math.floor(((height - 1) * dilationY) / 2), Math.floor(((width - 1) * dilationX) / 2)] as const)
  // The leaves follow from the options, as `Leaves` states.
  return biased<Spatial<In, Out, Down<O>>>(
    bias,
    (key, path) => drawLeaf(init, key, path, 'weight', [outputs, inputs / groups, height, width]),
    (key, path) => drawLeaf(biasInit, key, path, 'bias', [outputs]),
    (weight, x) => convolve(weight, { stride, padding, dilation, groups })(x)
  ) as unknown as Layer<Leaves<O>, NoLeaves, Spatial<In, Out, Down<O>>>
}

type Draw = (key: Key, path: string) => HostValue<'f32'>

const biased = <F extends Spatial<number, number, number>>(
  bias: boolean,
  weight: Draw,
  offset: Draw,
  apply: (weight: Parameter, x: Tensor<Shape, 'f32'>) => Tensor<Shape, 'f32'>
): Layer<Weight & Partial<WeightAndBias>, NoLeaves, F> =>
  stateless<Weight & Partial<WeightAndBias>, F>(
    (key, path) => ({ weight: weight(key, path), ...(bias ? { bias: offset(key, path) } : {}) }),
    (params, x) => withBias(apply(params.weight, x), params.bias)
  )

/** Settings of a transposed convolution; the defaults are a 2×2 kernel with stride 2, which doubles the size. */
export interface TransposedConvolutionOptions extends ConvolutionOptions {
  readonly outputPadding?: Pair
}

/**
 * Transposed convolution of `[N, In, H, W]` maps (PyTorch's `ConvTranspose2d`): `weight` `[In, Out / groups, KH, KW]`, `bias` `[Out]`.
 */
export const convTranspose2d = <const In extends number, const Out extends number, const O extends TransposedConvolutionOptions = Readonly<Record<never, never>>>(
  inputs: In,
  outputs: Out,
  options?: O
): Layer<Leaves<O>, NoLeaves, Spatial<In, Out, keyof O extends 'bias' | 'init' | 'biasInit' ? 0.5 : number>> => {
  const settings: TransposedConvolutionOptions = options ?? {}
  const { kernel = 2, stride = 2, padding = 0, dilation = 1, groups = 1, outputPadding = 0, bias = true, init = heNormal('out'), biasInit = zerosInit } = settings
  // The leaves follow from the options, as `Leaves` states.
  return biased<Spatial<In, Out, number>>(
    bias,
    (key, path) => drawLeaf(init, key, path, 'weight', [inputs, outputs / groups, ...pair(kernel)]),
    (key, path) => drawLeaf(biasInit, key, path, 'bias', [outputs]),
    (weight, x) => convolveTransposed(weight, { stride, padding, dilation, groups, outputPadding })(x)
  ) as unknown as Layer<Leaves<O>, NoLeaves, Spatial<In, Out, keyof O extends 'bias' | 'init' | 'biasInit' ? 0.5 : number>>
}
