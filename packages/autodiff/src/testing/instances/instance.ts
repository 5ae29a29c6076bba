import { bind, bindAll, hostValue, sizeOf } from '@tabula/tensor'
import type { Attributes, HostValue, PrimitiveName, Sizes, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { randomNumbers } from '../random.js'
import type { RandomNumbers } from '../random.js'

/** An application of a primitive at a point where it has a derivative. */
export interface Instance {
  readonly primitive: PrimitiveName
  /** Operands to differentiate with respect to. */
  readonly variables: readonly HostValue[]
  /** All outputs or some of them, from the variables as tensors. */
  readonly apply: (variables: readonly Tensor[]) => readonly Tensor[]
  /** For messages. */
  readonly attributes: unknown
}

/** What `instanceOf` needs beside the primitive: each operand, and whether it is differentiated. */
export interface Operand {
  readonly value: HostValue
  readonly differentiated: boolean
}

/** An operand to differentiate with respect to. */
export const variable = (value: HostValue): Operand => ({ value, differentiated: true })

/** An operand that stays constant, such as indices. */
export const fixed = (value: HostValue): Operand => ({ value, differentiated: false })

/** The primitive applied to these operands. */
export const instanceOf = <P extends PrimitiveName>(
  primitive: P,
  attributes: Attributes[P],
  operands: readonly Operand[]
): Instance => ({
  primitive,
  attributes,
  variables: operands.filter(({ differentiated }) => differentiated).map(({ value }) => value),
  apply: (variables) => {
    let next = 0
    const inputs = operands.flatMap(({ value, differentiated }) => {
      const tensor = differentiated ? variables[next++] : constantOf(value)
      return tensor === undefined ? [] : [tensor]
    })
    return bindAll(primitive, attributes, ...inputs)
  }
})

const constantOf = (value: HostValue): Tensor => {
  const [tensor] = bindAll('constant', { value })
  if (tensor === undefined) throw new RangeError('constant has one output')
  return tensor
}

/** x, by another expression. */
const behind = (x: Tensor): Tensor => bind('neg', {}, bind('neg', {}, x))

/** Some of these, at least one. */
const someOf = <T>(items: readonly T[], { below }: RandomNumbers): ReadonlySet<T> => {
  const kept = items.filter(() => below(2) === 0)
  return new Set(kept.length === 0 ? items.slice(below(items.length)).slice(0, 1) : kept)
}

/**
 * The same application as a rule may also meet it, once in three: with some of its variables constant, with some of its floating-point
 * results unused, or between other operations.
 */
const inPart = (instance: Instance, random: RandomNumbers): Instance => {
  const { variables, apply } = instance
  const kind = random.below(9)
  if (kind === 0 && variables.length > 1) {
    const moved = someOf([...variables.keys()], random)
    const whole = (some: readonly Tensor[]): readonly Tensor[] => {
      let next = 0
      return variables.flatMap((value, index) => {
        const variable = moved.has(index) ? some[next++] : constantOf(value)
        return variable === undefined ? [] : [variable]
      })
    }
    return { ...instance, variables: variables.filter((_, index) => moved.has(index)), apply: (some) => apply(whole(some)) }
  }
  if (kind === 1) {
    const seed = random.below(0xffff)
    return {
      ...instance,
      apply: (all) => {
        const results = apply(all)
        const used = someOf(results.filter(({ dtype }) => dtype === 'f32'), randomNumbers(seed))
        return results.filter((result) => used.has(result))
      }
    }
  }
  if (kind === 2) return { ...instance, apply: (all) => apply(all.map(behind)).map((result) => (result.dtype === 'f32' ? behind(result) : result)) }
  return instance
}

/** A random instance: sizes from small whole numbers, which shrink, and values from a seed, which does not matter. */
export const instances = <Sizes>(
  sizes: fc.Arbitrary<Sizes>,
  build: (sizes: Sizes, random: RandomNumbers) => Instance
): fc.Arbitrary<Instance> =>
  fc.tuple(sizes, fc.nat({ max: 0xffffff })).map(([chosen, seed]) => {
    const random = randomNumbers(seed)
    return inPart(build(chosen, random), random)
  })

/** Sizes of one to three axes. */
export const shapes = (
  options: { readonly minRank?: number; readonly maxRank?: number; readonly minSize?: number } = {}
): fc.Arbitrary<Sizes> =>
  fc.array(fc.integer({ min: options.minSize ?? 1, max: 4 }), {
    minLength: options.minRank ?? 0,
    maxLength: options.maxRank ?? 3
  })

/** A pair of shapes that broadcast against each other: axes of either are left out at the front or have size 1. */
export const broadcastPairs: fc.Arbitrary<readonly [Sizes, Sizes]> = shapes().chain((shape) =>
  fc.tuple(narrowed(shape), narrowed(shape))
)

const narrowed = (shape: Sizes): fc.Arbitrary<Sizes> =>
  fc
    .tuple(fc.nat({ max: shape.length }), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([dropped, ones]) => shape.map((size, axis) => (ones[axis] === true ? 1 : size)).slice(dropped))

/** A host value whose elements come from `next`. */
export const fill = (shape: Sizes, next: () => number): HostValue<'f32'> =>
  hostValue('f32', shape, Float64Array.from({ length: sizeOf(shape) }, next))

/** Uniform in ±2. */
export const smooth =
  ({ uniform }: RandomNumbers) =>
  (): number =>
    uniform(-2, 2)

/** Between 0.2 and 3. */
export const positive =
  ({ uniform }: RandomNumbers) =>
  (): number =>
    uniform(0.2, 3)

/** Between 0.2 and 2, of either sign. */
export const awayFromZero =
  ({ uniform, below }: RandomNumbers) =>
  (): number =>
    uniform(0.2, 2) * (below(2) === 0 ? -1 : 1)

/** At least 0.1 from every multiple of ½. */
export const awayFromHalves =
  ({ uniform, below }: RandomNumbers) =>
  (): number =>
    (below(9) - 4) / 2 + uniform(0.1, 0.4)

/** Elements of several values, all at least 0.05 apart. */
export const distinct = ({ shuffle, uniform }: RandomNumbers, ...sizes: readonly Sizes[]): readonly HostValue<'f32'>[] => {
  const count = sizes.reduce((sum, shape) => sum + sizeOf(shape), 0)
  const numbers = shuffle(Array.from({ length: count }, (_, k) => (k - count / 2) * 0.1 + uniform(0, 0.05)))
  let next = 0
  return sizes.map((shape) => fill(shape, () => numbers[next++] ?? 0))
}

/** An `i32` value whose elements come from `next`. */
export const fillIndices = (shape: Sizes, next: () => number): HostValue<'i32'> =>
  hostValue('i32', shape, Int32Array.from({ length: sizeOf(shape) }, next))
