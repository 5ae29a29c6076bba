import type { Dim, Double, Half, IsKnownRank, IsWide, SameDim, Shape, ShapeMismatch, ShowShape } from '@tabula/tensor'

/**
 * What a layer does to a map's shape, at the type level: channels in and out (`number` accepts any, `'same'` keeps them), by how much
 * height and width shrink (`number`: unknown to the compiler), and whether the rank stays.
 */
export interface Signature {
  readonly in: number
  readonly out: number | 'same'
  readonly down: number
  readonly keepsRank: boolean
}

/** A layer on `[N, C, H, W]` maps (or `[N, C]` rows) from `In` to `Out` channels that divides height and width by `Down`. */
export interface Spatial<In extends number, Out extends number | 'same', Down extends number> extends Signature {
  readonly in: In
  readonly out: Out
  readonly down: Down
  readonly keepsRank: true
}

/** A layer that keeps the shape, whatever the channels. */
export type Pointwise = Spatial<number, 'same', 1>

/** A layer whose result has another rank, such as `flatten`. */
export interface Reshaping<Out extends number | 'same' = number, In extends number = number, Down extends number = number> extends Signature {
  readonly in: In
  readonly out: Out
  readonly down: Down
  readonly keepsRank: false
}

/** A size divided by `Down`: `'H'` by 2 is `'H/2'`; what is not known to follow is `number`. */
export type Downsampled<D extends Dim, Down extends number> = number extends Down
  ? number
  : Down extends 1
    ? D
    : Down extends 2
      ? Half<D>
      : Down extends 4
        ? Half<Half<D>>
        : Down extends 8
          ? Half<Half<Half<D>>>
          : Down extends 16
            ? Half<Half<Half<Half<D>>>>
            : Down extends 32
              ? Half<Half<Half<Half<Half<D>>>>>
              : Down extends 0.5
                ? Double<D>
                : number

type OutOf<F extends Signature, C extends Dim> = F['out'] extends 'same' ? C : Exclude<F['out'], 'same'>

/** The shape of a layer's result for an input of shape X. */
export type Applied<X extends Shape, F extends Signature> =
  IsKnownRank<X> extends false
    ? Shape
    : F['keepsRank'] extends true
      ? X extends readonly [infer N extends Dim, infer C extends Dim, ...infer Rest extends readonly Dim[]]
        ? SameDim<C, F['in']> extends true
          ? readonly [N, OutOf<F, C>, ...{ [K in keyof Rest]: Downsampled<Rest[K], F['down']> }]
          : ShapeMismatch<`layer: expects ${F['in']} input channels but got ${C} in ${ShowShape<X>}`>
        : Shape
      : Shape

interface Products {
  readonly '2x2': 4
  readonly '2x4': 8
  readonly '4x2': 8
  readonly '2x8': 16
  readonly '4x4': 16
  readonly '8x2': 16
  readonly '2x16': 32
  readonly '4x8': 32
  readonly '8x4': 32
  readonly '16x2': 32
  readonly '0.5x2': 1
  readonly '2x0.5': 1
  readonly '0.5x4': 2
  readonly '4x0.5': 2
  readonly '0.5x8': 4
  readonly '8x0.5': 4
  readonly '0.5x16': 8
  readonly '16x0.5': 8
  readonly '0.5x32': 16
  readonly '32x0.5': 16
}

type Product<A extends number, B extends number> = A extends 1
  ? B
  : B extends 1
    ? A
    : `${A}x${B}` extends keyof Products
      ? Products[`${A}x${B}`]
      : number

/** Channels that leave a layer, as far as they are known. */
type Leaving<F extends Signature> = F['out'] extends 'same' ? F['in'] : Exclude<F['out'], 'same'>

/** A signature by its parts. Equal parts are one type, so that what is known of a chain so far is not worked out again at its next link. */
type Mapped<In extends number, Out extends number | 'same', Down extends number, KeepsRank extends boolean> = [KeepsRank] extends [true]
  ? Spatial<In, Out, Down>
  : Reshaping<Out, In, Down>

/** First A, then B; a sentence where B does not accept what A gives. */
export type Composed<A extends Signature, B extends Signature> =
  SameDim<Leaving<A>, B['in']> extends true
    ? Mapped<
        A['out'] extends 'same' ? (IsWide<A['in']> extends true ? B['in'] : A['in']) : A['in'],
        B['out'] extends 'same' ? A['out'] : B['out'],
        Product<A['down'], B['down']>,
        A['keepsRank'] extends true ? B['keepsRank'] : false
      >
    : ShapeMismatch<`compose: the second layer expects ${B['in']} input channels but the first gives ${Leaving<A>}`>

/** The signature of x + f(x); a sentence where f does not keep the shape. */
export type Summed<A extends Signature, B extends Signature> =
  SameDim<Leaving<A>, Leaving<B>> extends true
    ? SameDim<A['down'], B['down']> extends true
      ? Mapped<
          IsWide<A['in']> extends true ? B['in'] : A['in'],
          A['out'] extends 'same' ? B['out'] : A['out'],
          IsWide<A['down']> extends true ? B['down'] : A['down'],
          A['keepsRank']
        >
      : ShapeMismatch<`residual: one branch downsamples by ${A['down']}, the other by ${B['down']}`>
    : ShapeMismatch<`residual: one branch has ${Leaving<A>} channels, the other ${Leaving<B>}`>

/** The signature of layers side by side, on parts of the channels; a sentence where they do not downsample alike. */
export type Beside<A extends Signature, B extends Signature> =
  SameDim<A['down'], B['down']> extends true
    ? {
        readonly in: number
        readonly out: number
        readonly down: IsWide<A['down']> extends true ? B['down'] : A['down']
        readonly keepsRank: A['keepsRank'] extends true ? B['keepsRank'] : false
      }
    : ShapeMismatch<`product: one layer downsamples by ${A['down']}, the other by ${B['down']}`>
