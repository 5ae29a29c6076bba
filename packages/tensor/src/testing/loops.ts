import * as fc from 'fast-check'
import { bind, bindAll } from '../bind.js'
import { graphOf } from '../graph/graph.js'
import { placeholder } from '../graph/trace.js'
import type { Tensor } from '../node.js'
import { integers, scalar, valueOf } from '../value.js'
import type { HostValue } from '../value.js'
import type { Instance, Instances } from './instance.js'
import { shapes, values } from './values.js'

/** What goes through a loop: how it begins, how a step changes it, and what a step answers. */
interface Loop {
  readonly constants: readonly HostValue[]
  readonly carries: readonly HostValue[]
  readonly xs: readonly HostValue[]
  readonly step: (constants: readonly Tensor[], carries: readonly Tensor[], slices: readonly Tensor[]) => { readonly next: readonly Tensor[]; readonly ys: readonly Tensor[] }
}

const apart = <T>(all: readonly T[], first: number, second: number): readonly [readonly T[], readonly T[], readonly T[]] => [
  all.slice(0, first),
  all.slice(first, first + second),
  all.slice(first + second)
]

const instanceOf = ({ constants, carries, xs, step }: Loop, length: number, reverse: boolean): Instance<'scan'> => {
  const slices = xs.map(({ shape, dtype }) => ({ shape: shape.slice(1), dtype }))
  const parameters = [...constants, ...carries, ...slices].map((type, index) => placeholder(`x${index}`, type))
  const { next, ys } = step(...apart(parameters, constants.length, carries.length))
  return {
    attributes: { body: graphOf(parameters, [...next, ...ys]), constants: constants.length, carries: carries.length, length, reverse },
    inputs: [...constants, ...carries, ...xs]
  }
}

const half = (x: Tensor): Tensor => bind('mul', {}, x, bind('constant', { value: scalar(0.5) }))
const one = (): Tensor => bind('constant', { value: integers([], [1]) })

const real = (shape: readonly number[]): fc.Arbitrary<HostValue> => values('f32', shape)

/** The sine or the cosine of a number, as a branch is taken. */
const chosen = (index: Tensor, x: Tensor): Tensor => {
  const branch = (primitive: 'sin' | 'cos') => {
    const parameter = placeholder('x', x)
    return graphOf([parameter], [bind(primitive, {}, parameter)])
  }
  return bindAll('cond', { branches: [branch('sin'), branch('cos')] }, index, x)[0] ?? x
}

/** A recurrence of reals with a constant and a slice: the carry before, the carry after and the slice itself are answered. */
const recurrence = (length: number): fc.Arbitrary<Loop> =>
  shapes({ maxRank: 3 }).chain((shape) =>
    fc.tuple(real(shape), real(shape), real([length, ...shape])).map(([weight, begin, xs]) => ({
      constants: [weight],
      carries: [begin],
      xs: [xs],
      step: ([w], [h], [x]) => {
        if (w === undefined || h === undefined || x === undefined) return { next: [], ys: [] }
        const next = bind('tanh', {}, bind('add', {}, bind('mul', {}, w, half(h)), x))
        return { next: [next], ys: [h, next, x, bind('sub', {}, next, w)] }
      }
    }))
  )

/** A product with a matrix. */
const products = (length: number): fc.Arbitrary<Loop> =>
  fc.tuple(real([3, 3]), real([2, 3]), real([length, 2, 3])).map(([weight, begin, xs]) => ({
    constants: [weight],
    carries: [begin],
    xs: [xs],
    step: ([w], [h], [x]) => {
      if (w === undefined || h === undefined || x === undefined) return { next: [], ys: [] }
      const next = bind('sigmoid', {}, bind('add', {}, bind('matmul', {}, h, w), x))
      return { next: [next], ys: [bind('reduceSum', { axes: [0, 1], keepDimensions: false }, next)] }
    }
  }))

/** Nothing but counting: integers, truth values and keys are carried, and a branch is taken in every other step. */
const counting: fc.Arbitrary<Loop> = fc.tuple(fc.nat(3), fc.nat(1), fc.nat(9)).map(([begin, truth, seed]) => ({
  constants: [],
  carries: [integers([], [begin]), valueOf('bool', [2], [truth, 1 - truth]), valueOf('u32', [2], [seed, 7])],
  xs: [],
  step: (_constants, [count, flags, key]) => {
    if (count === undefined || flags === undefined || key === undefined) return { next: [], ys: [] }
    const parity = bind('rem', {}, count, bind('constant', { value: integers([], [2]) }))
    return {
      next: [bind('add', {}, count, one()), bind('not', {}, flags), bind('randomBits', { shape: [2] }, key)],
      ys: [flags, key, chosen(parity, bind('cast', { dtype: 'f32' }, count))]
    }
  }
}))

/** A loop in a loop: sums of the rows so far. No carry of its own. */
const nested = (length: number): fc.Arbitrary<Loop> =>
  fc.tuple(real([]), real([length, 3])).map(([offset, rows]) => ({
    constants: [offset],
    carries: [],
    xs: [rows],
    step: ([begin], _carries, [row]) => {
      if (begin === undefined || row === undefined) return { next: [], ys: [] }
      const [sum, element] = [placeholder('sum', { shape: [], dtype: 'f32' }), placeholder('element', { shape: [], dtype: 'f32' })]
      const next = bind('add', {}, half(sum), element)
      return { next: [], ys: bindAll('scan', { body: graphOf([sum, element], [next, next]), constants: 0, carries: 1, length: 3, reverse: true }, begin, row) }
    }
  }))

/** Loops of up to six steps, none now and then, in both directions, over every element type. */
export const loops: Instances<'scan'> = fc
  .tuple(fc.constantFrom(1, 2, 3, 3, 6, 0), fc.boolean())
  .chain(([length, reverse]) => fc.oneof(recurrence(length), products(length), counting, nested(length)).map((loop) => instanceOf(loop, length, reverse)))
