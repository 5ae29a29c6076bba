import * as fc from 'fast-check'
import type { Dtype } from '../dtype.js'
import type { Attributes, NoAttributes, PrimitiveName } from '../primitive.js'
import type { HostValue } from '../value.js'
import { broadcastingShapes, elements, shapes, values } from './values.js'

/** A primitive applied: its attributes and operands that fit. */
export interface Instance<P extends PrimitiveName = PrimitiveName> {
  readonly attributes: Attributes[P]
  readonly inputs: readonly HostValue[]
}

/** Random instances of one primitive. */
export type Instances<P extends PrimitiveName> = fc.Arbitrary<Instance<P>>

/** Names of the primitives that have nothing to configure. */
export interface Plain {
  readonly attributes: NoAttributes
  readonly inputs: readonly HostValue[]
}

const plain = (...inputs: readonly HostValue[]): Plain => ({ attributes: {}, inputs })

/** Instances of an elementwise primitive with one operand of one of these types. */
export const unaryInstances = (dtypes: readonly [Dtype, ...Dtype[]], element?: fc.Arbitrary<number>): fc.Arbitrary<Plain> =>
  fc.tuple(fc.constantFrom(...dtypes), shapes()).chain(([dtype, shape]) => values<Dtype>(dtype, shape, dtype === 'f32' ? (element ?? elements.f32) : elements[dtype]).map((x) => plain(x)))

/** Instances of an elementwise primitive with two operands of one of these types; `second` draws the second's elements. */
export const binaryInstances = (
  dtypes: readonly [Dtype, ...Dtype[]],
  first: { readonly [D in Dtype]?: fc.Arbitrary<number> } = {},
  second: { readonly [D in Dtype]?: fc.Arbitrary<number> } = first
): fc.Arbitrary<Plain> =>
  fc
    .tuple(fc.constantFrom(...dtypes), broadcastingShapes)
    .chain(([dtype, [a, b]]) => fc.tuple(values<Dtype>(dtype, a, first[dtype] ?? elements[dtype]), values<Dtype>(dtype, b, second[dtype] ?? elements[dtype])))
    .map(([a, b]) => plain(a, b))
