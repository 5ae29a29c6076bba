import { foldIn } from '@tabula/tensor'
import type { Check, Checked, HostValue, Key, Shape, Sizes, Tensor, ValuesOf } from '@tabula/tensor'
import type { Initializer } from './init/initializers.js'
import type { Applied, Signature } from './signature.js'

declare const types: unique symbol

/** Initial numbers of a layer: parameters to train, and state such as running statistics. */
export interface Initial<P, S> {
  readonly params: ValuesOf<P>
  readonly state: ValuesOf<S>
}

/**
 * A set of pure functions on parameters, state and an input. `P` and `S` are records whose leaves are tensors; a leaf's dotted path
 * is its name. `F` says what the layer does to shapes: composing layers that do not fit does not compile.
 */
export interface Layer<P, S, F extends Signature = Signature> {
  readonly kind: 'layer'
  /** Initial numbers. A leaf's key is `foldIn(key, path)`, so adding a layer changes no other leaf. `path` is where this layer is. */
  readonly init: (key: Key, path?: string) => Initial<P, S>
  /** The result and the next state, as in training. Throws `ShapeError`. */
  readonly train: <X extends Shape>(
    params: P,
    state: S,
    x: Tensor<X, 'f32'> & Check<Applied<X, F>>,
    context?: TrainingContext
  ) => readonly [Tensor<Checked<Applied<X, F>>, 'f32'>, S]
  /** The result, as in inference. Throws `ShapeError`. */
  readonly infer: <X extends Shape>(params: P, state: S, x: Tensor<X, 'f32'> & Check<Applied<X, F>>) => Tensor<Checked<Applied<X, F>>, 'f32'>
  /** Present in types only. `undefined` is named, so that the compiler does not advise on it where layers do not fit. */
  readonly [types]?: { readonly params: P; readonly state: S; readonly signature: F } | undefined
}

/** Any layer, for combinators' type parameters. */
export interface AnyLayer {
  readonly kind: 'layer'
  readonly [types]?: { readonly params: unknown; readonly state: unknown; readonly signature: Signature } | undefined
}

type TypesOf<L> = L extends { readonly [types]?: infer T } ? Exclude<T, undefined> : never

/** The tree of a layer's parameters, with tensor leaves. */
export type ParamsOf<L> = TypesOf<L> extends { readonly params: infer P } ? P : never

/** The tree of a layer's state, with tensor leaves. */
export type StateOf<L> = TypesOf<L> extends { readonly state: infer S } ? S : never

/** What a layer does to shapes. */
export type SignatureOf<L> = TypesOf<L> extends { readonly signature: infer F extends Signature } ? F : never

/** What a layer may know of its input in training besides the numbers. */
export interface TrainingContext {
  /** `[N]`: 1 for rows of the input that are part of the batch, 0 for rows that fill it up to its size: statistics leave them out. */
  readonly rows?: Tensor<Shape, 'f32'>
}

/** A layer's functions without knowledge of shapes: what authors of layers write. */
export interface Definition<P, S> {
  readonly init: (key: Key, path: string) => Initial<P, S>
  /** A layer made of others hands `context` on to them. */
  readonly train: (params: P, state: S, x: Tensor<Shape, 'f32'>, context?: TrainingContext) => readonly [Tensor<Shape, 'f32'>, S]
  readonly infer: (params: P, state: S, x: Tensor<Shape, 'f32'>) => Tensor<Shape, 'f32'>
}

/** A layer from its functions; the author states its signature: `layer<P, S, Spatial<64, 128, 2>>({ … })`. */
export const layer = <P, S, F extends Signature>({ init, train, infer }: Definition<P, S>): Layer<P, S, F> =>
  // The functions work on any shape; F states what they do to those the compiler knows, as `assume` does for operations.
  ({ kind: 'layer', init: (key: Key, path = '') => init(key, path), train, infer }) as unknown as Layer<P, S, F>

/** A layer of the same function in training and inference, without state. */
export const stateless = <P, F extends Signature>(
  init: (key: Key, path: string) => ValuesOf<P>,
  apply: (params: P, x: Tensor<Shape, 'f32'>) => Tensor<Shape, 'f32'>
): Layer<P, Readonly<Record<never, never>>, F> =>
  layer<P, Readonly<Record<never, never>>, F>({
    init: (key, path) => ({ params: init(key, path), state: {} }),
    train: (params, state, x) => [apply(params, x), state],
    infer: (params, _state, x) => apply(params, x)
  })

/** A layer without parameters and state: a function. */
export const pure = <F extends Signature>(f: (x: Tensor<Shape, 'f32'>) => Tensor<Shape, 'f32'>) =>
  stateless<Readonly<Record<never, never>>, F>(
    () => ({}),
    (_params, x) => f(x)
  )

/** A layer's functions without knowledge of shapes or trees, for combinators. */
export const definitionOf = (of: AnyLayer): Definition<unknown, unknown> =>
  // Every AnyLayer is a Layer: its symbol-typed field can be declared by no other interface.
  of as unknown as Definition<unknown, unknown>

/** A path inside another. */
export const joinPath = (path: string, name: string): string => (path === '' ? name : name === '' ? path : `${path}.${name}`)

/** The initial numbers of the leaf `name` inside `path`. */
export const drawLeaf = (init: Initializer, key: Key, path: string, name: string, shape: Sizes): HostValue<'f32'> =>
  init.draw(foldIn(key, joinPath(path, name)), shape)
