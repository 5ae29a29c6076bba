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
export interface ConvolutionOptions<
  K extends Pair = Pair,
  S extends Pair = Pair,
  P extends PaddingOption | undefined = PaddingOption,
  D extends Pair = Pair,
  B extends boolean = boolean
> {
  readonly kernel?: K
  readonly stride?: S
  /** `(kernel − 1) / 2 · dilation`, rounded down, where not given. */
  readonly padding?: P
  readonly dilation?: D
  readonly groups?: number
  readonly bias?: B
  /** Of the weights `[out, in / groups, height, width]`. */
  readonly init?: Initializer
  readonly biasInit?: Initializer
}

type Single<Option> = Option extends number ? Option : number

/** The paddings that keep the size at stride 1. */
interface Centred {
  readonly 1: 0
  readonly 3: 1
  readonly 5: 2
  readonly 7: 3
}

/**
 * The factor is known for strides and paddings that divide every divisible size exactly. `P` is `undefined` where no padding is given.
 * Each option is a parameter of its own, whose literals are one type wherever they occur, so that a deep network is cheap to check; and
 * it is inferred where the option is given (`NoInfer`), never from where the layer is used.
 */
type Down<K extends Pair, S extends Pair, P, D extends Pair> = K extends keyof Centred
  ? [P] extends [undefined]
    ? [D] extends [1]
      ? Single<S>
      : number
    : [P, D] extends [Centred[K], 1]
      ? Single<S>
      : number
  : [K, S, P, D] extends [2, 2, 0, 1]
    ? 2
    : number

type Leaves<B extends boolean> = boolean extends B ? WeightAndBias | Weight : B extends false ? Weight : WeightAndBias

const pair = (x: Pair): readonly [number, number] => (typeof x === 'number' ? [x, x] : x)

const withBias = (y: Tensor<Shape, 'f32'>, bias: Parameter | undefined): Tensor<Shape, 'f32'> =>
  bias === undefined ? y : add(y, reshape([1, -1, 1, 1])(bias))

/**
 * Convolution of `[N, In, H, W]` maps (PyTorch's `Conv2d`): leaves `weight` `[Out, In / groups, KH, KW]` and, unless `bias: false`,
 * `bias` `[Out]`.
 */
export const conv2d = <
  const In extends number,
  const Out extends number,
  const K extends Pair = 1,
  const S extends Pair = 1,
  const P extends PaddingOption | undefined = undefined,
  const D extends Pair = 1,
  const B extends boolean = true
>(
  inputs: In,
  outputs: Out,
  options: ConvolutionOptions<K, S, P, D, B> = {}
): Layer<Leaves<NoInfer<B>>, NoLeaves, Spatial<In, Out, Down<NoInfer<K>, NoInfer<S>, NoInfer<P>, NoInfer<D>>>> => {
  const { kernel = 1, stride = 1, dilation = 1, groups = 1, bias = true, init = heNormal('out'), biasInit = zerosInit, ...rest }: ConvolutionOptions<Pair, Pair, PaddingOption | undefined> = options
  const [height, width] = pair(kernel)
  const [dilationY, dilationX] = pair(dilation)
  const padding = rest.padding ?? ([Math.floor(((height - 1) * dilationY) / 2), Math.floor(((width - 1) * dilationX) / 2)] as const)
  // The leaves follow from the options, as `Leaves` states.
  return biased<Spatial<In, Out, Down<NoInfer<K>, NoInfer<S>, NoInfer<P>, NoInfer<D>>>>(
    bias,
    (key, path) => drawLeaf(init, key, path, 'weight', [outputs, inputs / groups, height, width]),
    (key, path) => drawLeaf(biasInit, key, path, 'bias', [outputs]),
    (weight, x) => convolve(weight, { stride, padding, dilation, groups })(x)
  ) as unknown as Layer<Leaves<NoInfer<B>>, NoLeaves, Spatial<In, Out, Down<NoInfer<K>, NoInfer<S>, NoInfer<P>, NoInfer<D>>>>
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

type BiasOf<O> = O extends { readonly bias: infer B extends boolean } ? B : true

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
): Layer<Leaves<BiasOf<O>>, NoLeaves, Spatial<In, Out, keyof O extends 'bias' | 'init' | 'biasInit' ? 0.5 : number>> => {
  const settings: TransposedConvolutionOptions = options ?? {}
  const { kernel = 2, stride = 2, padding = 0, dilation = 1, groups = 1, outputPadding = 0, bias = true, init = heNormal('out'), biasInit = zerosInit } = settings
  // The leaves follow from the options, as `Leaves` states.
  return biased<Spatial<In, Out, number>>(
    bias,
    (key, path) => drawLeaf(init, key, path, 'weight', [inputs, outputs / groups, ...pair(kernel)]),
    (key, path) => drawLeaf(biasInit, key, path, 'bias', [outputs]),
    (weight, x) => convolveTransposed(weight, { stride, padding, dilation, groups, outputPadding })(x)
  ) as unknown as Layer<Leaves<BiasOf<O>>, NoLeaves, Spatial<In, Out, keyof O extends 'bias' | 'init' | 'biasInit' ? 0.5 : number>>
}
