import { add, hostValue, mul, total, trace } from '@tabula/tensor'
import type { Graph, HostValue } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import type { Case, Derivative } from './case.js'
import { weightsOf } from './contestants/tabula.js'
import { directionOf } from './numbers.js'

type Point = readonly (readonly number[])[]

/** What all libraries are compared with: computed from values alone, by no rule of differentiation. */
export interface Expected {
  readonly value: number
  readonly derivatives: Readonly<Record<Derivative, Point>>
}

const step = 1e-3

/** x + t·v. */
const moved = (x: Point, v: Point, t: number): Point => x.map((part, k) => part.map((a, j) => a + t * (v[k]?.[j] ?? 0)))

/** The derivative at 0 of a function of one variable by central differences of five points, whose error is of order step⁴. */
const slope = (f: (t: number) => number): number => (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step)

/** The loss in double precision. Throws where a primitive refuses a value. */
const lossOf = ({ at, tabula }: Case): ((point: Point) => number) => {
  const values = (point: Point): readonly HostValue<'f32'>[] => at.map(({ shape }, k) => hostValue('f32', shape, Float64Array.from(point[k] ?? [])))
  const { graph }: { readonly graph: Graph } = trace(
    (args) => {
      const y = tabula(...args)
      return total(mul(weightsOf(y), add(y, mul(mul(y, y), 0.5))))
    },
    values(at.map(({ data }) => data))
  )
  return (point) => {
    const outcome = evaluate(graph, values(point))
    if (E.isLeft(outcome)) throw new Error(outcome.left.message)
    return outcome.right[0]?.data[0] ?? NaN
  }
}

/** A case's loss and derivatives in double precision by central differences; where it has kinks, those along its direction alone. */
export const expectedOf = (c: Case): Expected => {
  const loss = lossOf(c)
  const x: Point = c.at.map(({ data }) => data)
  const v = directionOf(c)
  const gradient = (at: Point): Point =>
    at.map((part, argument) => part.map((_, element) => slope((t) => loss(at.map((other, k) => (k === argument ? other.map((a, j) => (j === element ? a + t : a)) : other))))))
  const along = (t: number): number => loss(moved(x, v, t))
  const value = loss(x)
  if (c.along !== undefined) {
    const first = slope(along)
    const second = slope((t) => slope((s) => along(t + s)))
    return { value, derivatives: { grad: [[first]], jvp: [[first]], 'grad of grad': [[second]], 'jvp of grad': [[second]] } }
  }
  const ahead = [1, -1, 2, -2].map((k) => gradient(moved(x, v, k * step)))
  const second = x.map((part, k) => part.map((_, j) => (8 * ((ahead[0]?.[k]?.[j] ?? NaN) - (ahead[1]?.[k]?.[j] ?? NaN)) - ((ahead[2]?.[k]?.[j] ?? NaN) - (ahead[3]?.[k]?.[j] ?? NaN))) / (12 * step)))
  return { value, derivatives: { grad: gradient(x), jvp: [[slope(along)]], 'grad of grad': second, 'jvp of grad': second } }
}
