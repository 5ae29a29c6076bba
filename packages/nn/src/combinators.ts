import { add, concatenate, sameShape, ShapeError, showShape, slice, TreeError } from '@tabula/tensor'
import type { Check, Key, Shape, Tensor } from '@tabula/tensor'
import { definitionOf, joinPath, layer, pure } from './layer.js'
import type { AnyLayer, Definition, Initial, Layer, ParamsOf, SignatureOf, StateOf } from './layer.js'
import type { Beside, Composed, Pointwise, Signature, Summed } from './signature.js'
import type { NoLeaves } from './tree.js'

/** The layer that does nothing: the unit of `compose`. */
export const identity: Layer<NoLeaves, NoLeaves, Pointwise> = pure<Pointwise>((x) => x)

/** A layer whose leaves are inside a record's field: `weight` becomes `name.weight`. */
export const named = <const Name extends string, P, S, F extends Signature>(
  name: Name,
  of: Layer<P, S, F>
): Layer<{ readonly [K in Name]: P }, { readonly [K in Name]: S }, F> => nest<{ readonly [K in Name]: P }, { readonly [K in Name]: S }, F>(name, of)

const fieldOf = (record: unknown, name: string): unknown => {
  const field = typeof record === 'object' && record !== null ? Object.getOwnPropertyDescriptor(record, name) : undefined
  if (field === undefined) throw new TreeError({ operation: 'named', operand: name, expected: 'a record with this field', found: typeof record })
  return field.value
}

const nest = <P, S, F extends Signature>(name: string, of: AnyLayer): Layer<P, S, F> => {
  const inner = definitionOf(of)
  return withTypes<P, S, F>({
    init: (key, path) => {
      const { params, state } = inner.init(key, joinPath(path, name))
      return { params: { [name]: params }, state: { [name]: state } }
    },
    train: (params, state, x, context) => {
      const [y, next] = inner.train(fieldOf(params, name), fieldOf(state, name), x, context)
      return [y, { ...Object(state), [name]: next }]
    },
    infer: (params, state, x) => inner.infer(fieldOf(params, name), fieldOf(state, name), x)
  })
}

/** States the types of trees that a combinator builds by name, which the compiler cannot follow. */
const withTypes = <P, S, F extends Signature>(definition: Definition<unknown, unknown>): Layer<P, S, F> =>
  layer<P, S, F>(definition as unknown as Definition<P, S>)

/** Both records' fields; throws `TreeError` where a name occurs in both. */
const disjoint = (a: unknown, b: unknown, path: string): Readonly<Record<string, unknown>> => {
  const [left, right] = [Object.entries(Object(a)), Object.entries(Object(b))]
  const clash = right.find(([name]) => left.some(([other]) => other === name))
  if (clash !== undefined) {
    throw new TreeError({ operation: 'compose', operand: joinPath(path, clash[0]), expected: 'a name that only one layer uses', found: 'two layers' })
  }
  return Object.fromEntries([...left, ...right])
}

/**
 * First one layer, then the other. Their records are merged, so `compose` is associative and `identity` its unit, exactly.
 * `init` throws `TreeError` where both use a name. A layer takes its own fields of the records and leaves the others alone.
 */
export const compose = <A extends AnyLayer, B extends AnyLayer>(
  first: A,
  second: B & Check<Composed<SignatureOf<A>, SignatureOf<B>>>
): Layer<ParamsOf<A> & ParamsOf<B>, StateOf<A> & StateOf<B>, CheckedSignature<Composed<SignatureOf<A>, SignatureOf<B>>>> =>
  withTypes(composed(definitionOf(first), definitionOf(second)))

type CheckedSignature<R> = R extends Signature ? R : never

const composed = (a: Definition<unknown, unknown>, b: Definition<unknown, unknown>): Definition<unknown, unknown> => ({
  init: (key, path) => merged(a, b, key, path),
  train: (params, state, x, context) => {
    const [y, next] = a.train(params, state, x, context)
    return b.train(params, next, y, context)
  },
  infer: (params, state, x) => b.infer(params, state, a.infer(params, state, x))
})

const merged = (a: Definition<unknown, unknown>, b: Definition<unknown, unknown>, key: Key, path: string): Initial<unknown, unknown> => {
  const [x, y] = [a.init(key, path), b.init(key, path)]
  return { params: disjoint(x.params, y.params, path), state: disjoint(x.state, y.state, path) }
}

/** An element of a sequence: a named layer, or one whose fields are merged into the sequence's (such as `relu`, which has none). */
export type Step = AnyLayer | readonly [string, AnyLayer]

type LayerOf<T> = T extends readonly [string, infer L] ? L : T
type StepParams<T> = T extends readonly [infer Name extends string, infer L] ? { readonly [K in Name]: ParamsOf<L> } : ParamsOf<T>
type StepState<T> = T extends readonly [infer Name extends string, infer L] ? { readonly [K in Name]: StateOf<L> } : StateOf<T>

type Chained<Steps extends readonly Step[], So extends Signature = Pointwise> = Steps extends readonly [infer Head, ...infer Rest extends readonly Step[]]
  ? Composed<So, SignatureOf<LayerOf<Head>>> extends infer Next
    ? Next extends Signature
      ? Chained<Rest, Next>
      : Next
    : never
  : So

type ParamsOfSteps<Steps extends readonly Step[], So = NoLeaves> = Steps extends readonly [infer Head, ...infer Rest extends readonly Step[]]
  ? ParamsOfSteps<Rest, So & StepParams<Head>>
  : { readonly [K in keyof So]: So[K] }
type StateOfSteps<Steps extends readonly Step[], So = NoLeaves> = Steps extends readonly [infer Head, ...infer Rest extends readonly Step[]]
  ? StateOfSteps<Rest, So & StepState<Head>>
  : { readonly [K in keyof So]: So[K] }

/**
 * Layers one after another: `sequence([['conv1', conv2d(3, 64)], ['bn1', norm.layer(64)], relu])`. A name is a field of the
 * records, so a parameter's path is its name: `conv1.weight`. Channels that do not follow from one another do not compile.
 */
export const sequence = <const Steps extends readonly Step[]>(
  steps: Steps & Check<Chained<Steps>>
): Layer<ParamsOfSteps<Steps>, StateOfSteps<Steps>, CheckedSignature<Chained<Steps>>> => withTypes(chain(steps))

const chain = (steps: readonly Step[]): Definition<unknown, unknown> =>
  steps.map((step) => definitionOf('kind' in step ? step : nest(step[0], step[1]))).reduce(composed, definitionOf(identity))

/**
 * `count` layers of one type one after another, named `0`, `1` … (from `from` on): `make(i)` is the i-th, with parameters of its
 * own. A stage whose first block differs is `compose(named('0', first), repeat(n − 1, make, { from: 1 }))`.
 */
export const repeat = <P, S, F extends Signature>(
  count: number,
  make: (index: number) => Layer<P, S, F> & Check<Composed<F, F>>,
  { from = 0 }: { readonly from?: number } = {}
): Layer<Readonly<Record<string, P>>, Readonly<Record<string, S>>, F> =>
  withTypes(chain(Array.from({ length: count }, (_, index) => [String(from + index), make(from + index)] as const)))

/** x + f(x). f keeps the shape. */
export function residual<A extends AnyLayer>(
  branch: A & Check<Summed<Pointwise, SignatureOf<A>>>
): Layer<ParamsOf<A>, StateOf<A>, CheckedSignature<Summed<Pointwise, SignatureOf<A>>>>
/** shortcut(x) + f(x), the shortcut's leaves merged with the branch's (name it: `named('downsample', …)`). */
export function residual<A extends AnyLayer, B extends AnyLayer>(
  branch: A,
  shortcut: B & Check<Summed<SignatureOf<B>, SignatureOf<A>>>
): Layer<ParamsOf<A> & ParamsOf<B>, StateOf<A> & StateOf<B>, CheckedSignature<Summed<SignatureOf<B>, SignatureOf<A>>>>
export function residual(branch: AnyLayer, shortcut: AnyLayer = identity): AnyLayer {
  const [f, g] = [definitionOf(branch), definitionOf(shortcut)]
  return withTypes<unknown, unknown, Signature>({
    init: (key, path) => merged(f, g, key, path),
    train: (params, state, x, context) => {
      const [y, between] = f.train(params, state, x, context)
      const [z, next] = g.train(params, between, x, context)
      return [sum(y, z), next]
    },
    infer: (params, state, x) => sum(f.infer(params, state, x), g.infer(params, state, x))
  })
}

/**
 * One layer on the first `channels` channels and another on the rest, side by side: `[N, channels + B, …]` to their results one after the
 * other along the channels. Leaves are merged as by `compose` (name them). Throws `ShapeError` where there are not more channels than that.
 *
 * `product(c, identity, identity)` is `identity`, and `compose(product(c, f, g), product(d, h, k))` is `product(c, compose(f, h), compose(g, k))`
 * where f gives d channels.
 */
export const product = <A extends AnyLayer, B extends AnyLayer>(
  channels: number,
  first: A,
  second: B & Check<Beside<SignatureOf<A>, SignatureOf<B>>>
): Layer<ParamsOf<A> & ParamsOf<B>, StateOf<A> & StateOf<B>, CheckedSignature<Beside<SignatureOf<A>, SignatureOf<B>>>> => {
  const [f, g] = [definitionOf(first), definitionOf(second)]
  const parts = (x: Tensor<Shape, 'f32'>): readonly [Tensor<Shape, 'f32'>, Tensor<Shape, 'f32'>] => {
    const all = x.shape[1] ?? 0
    if (all <= channels) throw new ShapeError({ operation: 'product', operand: 'x', expected: `more than ${channels} channels`, found: showShape(x.shape) })
    return [slice({ axis: 1, limit: channels })(x), slice({ axis: 1, start: channels })(x)]
  }
  return withTypes({
    init: (key, path) => merged(f, g, key, path),
    train: (params, state, x, context) => {
      const [a, b] = parts(x)
      const [y, between] = f.train(params, state, a, context)
      const [z, next] = g.train(params, between, b, context)
      return [concatenate({ axis: 1 })<Shape, 'f32'>([y, z]), next]
    },
    infer: (params, state, x) => {
      const [a, b] = parts(x)
      return concatenate({ axis: 1 })<Shape, 'f32'>([f.infer(params, state, a), g.infer(params, state, b)])
    }
  })
}

/** Adds maps of one shape; throws `ShapeError` rather than broadcasting. */
const sum = (y: Tensor<Shape, 'f32'>, z: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
  if (!sameShape(y.shape, z.shape)) {
    throw new ShapeError({ operation: 'residual', operand: 'branches', expected: `both ${showShape(z.shape)}`, found: showShape(y.shape) })
  }
  return add(y, z)
}

/** Initial numbers of layers that are not simply composed (such as a pyramid's): a record of layers makes records of trees. */
export const initialize =
  <const L extends Readonly<Record<string, AnyLayer>>>(layers: L) =>
  (key: Key, path = ''): Initial<{ readonly [K in keyof L]: ParamsOf<L[K]> }, { readonly [K in keyof L]: StateOf<L[K]> }> => {
    const made = Object.entries(layers).map(([name, of]) => [name, definitionOf(of).init(key, joinPath(path, name))] as const)
    return {
      params: Object.fromEntries(made.map(([name, { params }]) => [name, params])),
      state: Object.fromEntries(made.map(([name, { state }]) => [name, state]))
      // Built by name, which the compiler cannot follow.
    } as unknown as Initial<{ readonly [K in keyof L]: ParamsOf<L[K]> }, { readonly [K in keyof L]: StateOf<L[K]> }>
  }
