import * as fc from 'fast-check'
import { bind } from '../bind.js'
import { graphOf } from '../graph/graph.js'
import type { Graph } from '../graph/graph.js'
import { placeholder } from '../graph/trace.js'
import type { Tensor } from '../node.js'
import { sizeOf } from '../shape.js'
import type { Sizes } from '../shape.js'
import { integers } from '../value.js'
import type { HostValue } from '../value.js'
import type { Instances } from './instance.js'
import { loops } from './loops.js'
import { anyValues, shapes, values } from './values.js'

const twoReals: fc.Arbitrary<readonly [HostValue<'f32'>, HostValue<'f32'>]> = shapes().chain((shape) => fc.tuple(values('f32', shape), values('f32', shape)))

/** A closed program of two real operands of one shape. */
const program = (shape: Sizes, f: (x: Tensor, y: Tensor) => readonly Tensor[]): Graph => {
  const x = placeholder('x', { shape, dtype: 'f32' })
  const y = placeholder('y', { shape, dtype: 'f32' })
  return graphOf([x, y], f(x, y))
}

/** All elements in one row: inside a program, an operation that has a shape among its attributes. */
const line = (x: Tensor): Tensor => bind('reshape', { shape: [sizeOf(x.shape)] }, x)

const inputs: Instances<'input'> = anyValues().map((x) => ({ attributes: { name: 'x', shape: x.shape, dtype: x.dtype }, inputs: [x] }))

const constants: Instances<'constant'> = anyValues().map((value) => ({ attributes: { value }, inputs: [] }))

const identities = anyValues().map((x) => ({ attributes: {}, inputs: [x] }))

const barriers: Instances<'barrier'> = fc.array(anyValues(), { minLength: 2, maxLength: 4 }).map((operands) => ({ attributes: {}, inputs: operands }))

const collectives: Instances<'allReduce'> = shapes().chain((shape) => values('f32', shape).map((x) => ({ attributes: { label: 'instance' }, inputs: [x] })))

const calls: Instances<'call'> = twoReals.map(([x, y]) => ({
  // One output is an operand as it is, and one operand of the inner program is used twice.
  attributes: { name: 'instance', graph: program(x.shape, (a, b) => [bind('add', {}, bind('mul', {}, line(a), line(b)), line(a)), b]) },
  inputs: [x, y]
}))

const conditionals: Instances<'cond'> = fc.tuple(twoReals, values('i32', [], fc.integer({ min: -1, max: 4 }))).map(([[x, y], index]) => ({
  // The last branch answers another of its operands than the others.
  attributes: {
    branches: (['add', 'sub', 'mul'] as const).map((primitive) => program(x.shape, (a, b) => [bind(primitive, {}, line(a), line(b)), primitive === 'mul' ? b : a]))
  },
  inputs: [index, x, y]
}))

/** The operand's elements in reverse order, and how many of them are positive. */
const turned = ([x]: readonly HostValue[]): readonly HostValue[] =>
  x === undefined ? [] : [{ ...x, data: x.data.toReversed() } as HostValue, integers([], [Array.from(x.data).filter((element) => element > 0).length])] // The same array type.

const hostFunctions: Instances<'host'> = anyValues().map((x) => ({
  attributes: { name: 'turned', outputs: [{ shape: x.shape, dtype: x.dtype }, { shape: [], dtype: 'i32' }], run: turned },
  inputs: [x]
}))

/** Instances of the primitives that hold a program together. */
export const structureInstances = {
  input: inputs,
  constant: constants,
  stopGradient: identities,
  barrier: barriers,
  allReduce: collectives,
  call: calls,
  cond: conditionals,
  scan: loops,
  host: hostFunctions
}
