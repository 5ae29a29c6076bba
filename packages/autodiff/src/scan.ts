import { bind, bindAll, DtypeError, graphOf, isTensor, leavesOf, placeholder, replaceTensors, sameShape, ShapeError, showShape, tensorsOf, TreeError } from '@tabula/tensor'
import type { Dim, Dtype, IsKnownRank, PathLeaf, ScanAttributes, Shape, Tensor } from '@tabula/tensor'
import { close } from './close.js'
import { at, reshape } from './expression.js'
import { within } from './tree.js'

/** The shape of one element of the leading axis. */
type Sliced<S extends Shape> = IsKnownRank<S> extends false ? Shape : S extends readonly [Dim, ...infer Rest extends Dim[]] ? readonly [...Rest] : never

/** The type of one slice of a tree: every tensor without its leading axis. */
export type SliceOf<T> =
  T extends Tensor<infer S, infer D extends Dtype>
    ? Tensor<Sliced<S>, D>
    : T extends null | undefined
      ? T
      : T extends object
        ? { readonly [K in keyof T]: SliceOf<T[K]> }
        : T

/** The type of slices stacked: every tensor with a leading axis more, whose size is the number of steps. */
export type StackOf<T> =
  T extends Tensor<infer S, infer D extends Dtype>
    ? Tensor<IsKnownRank<S> extends false ? Shape : readonly [number, ...S], D>
    : T extends null | undefined
      ? T
      : T extends object
        ? { readonly [K in keyof T]: StackOf<T[K]> }
        : T

/** How a loop runs. */
export interface ScanOptions {
  /** Steps. Needed where nothing is sliced; elsewhere it must be the size of the leading axes. */
  readonly length?: number
  /** From the last slice to the first; what steps answer lies where the slices lay. */
  readonly reverse?: boolean
  /**
   * For reverse mode, the carry of every k-th step is kept, in place of every step's (k = 1), and the steps in between are computed once
   * more. With n steps n / k + k carries are held at once, which is least for k = √n.
   */
  readonly checkpointEvery?: number
}

/** How many steps there are. Throws where leading axes differ from that or are missing. */
const stepsOf = (xs: readonly PathLeaf<Tensor>[], length: number | undefined): number => {
  const [first] = xs
  const steps = length ?? first?.leaf.shape[0]
  if (steps === undefined || !Number.isInteger(steps) || steps < 0) {
    const found = length === undefined ? (first === undefined ? 'nothing to slice and no length' : 'a tensor without axes') : String(length)
    throw new ShapeError({ operation: 'scan', operand: 'length', expected: 'a whole number of steps, given or as the size of a leading axis', found })
  }
  for (const { path, leaf } of xs) {
    if (leaf.shape[0] === steps) continue
    throw new ShapeError({ operation: 'scan', operand: within('xs', path), expected: `a leading axis of ${steps}, one element for each step`, found: showShape(leaf.shape) })
  }
  return steps
}

/**
 * The tensors of a step's carry in the order of the carry before it. Throws where it is not of the same structure, shapes and types.
 */
const nextCarries = (before: readonly PathLeaf<Tensor>[], after: readonly PathLeaf<Tensor>[]): readonly Tensor[] => {
  const found = new Map(after.map(({ path, leaf }) => [path, leaf]))
  if (before.length !== after.length || before.some(({ path }) => !found.has(path))) {
    const paths = (leaves: readonly PathLeaf<Tensor>[]): string => (leaves.length === 0 ? 'nothing' : leaves.map(({ path }) => path || 'a tensor').join(', '))
    throw new TreeError({ operation: 'scan', operand: 'carry', expected: `${paths(before)}, as before the step`, found: paths(after) })
  }
  return before.map(({ path, leaf }) => {
    const next = found.get(path) ?? leaf
    const operand = within('carry', path)
    if (next.dtype !== leaf.dtype) throw new DtypeError({ operation: 'scan', operand, expected: `${leaf.dtype}, as before the step`, found: next.dtype })
    if (sameShape(next.shape, leaf.shape)) return next
    throw new ShapeError({ operation: 'scan', operand, expected: `${showShape(leaf.shape)}, as before the step`, found: showShape(next.shape) })
  })
}

/** A loop's operands, one kind after another. */
interface Operands {
  readonly constants: readonly Tensor[]
  readonly carries: readonly Tensor[]
  readonly xs: readonly Tensor[]
}

/** The last carries and what the steps have answered, stacked. */
interface Results {
  readonly carries: readonly Tensor[]
  readonly ys: readonly Tensor[]
}

type Loop = Omit<ScanAttributes, 'length'>

/** The loop, which also answers its carries before each step: reverse mode needs them, and devices leave out what nothing uses. */
const loop = (attributes: Loop, length: number, { constants, carries, xs }: Operands): Results => {
  const { body } = attributes
  const answered = new Set(body.outputs.slice(carries.length).map(({ node }) => node))
  const history = body.inputs.slice(constants.length, constants.length + carries.length).filter(({ node }) => !answered.has(node))
  const outputs = bindAll('scan', { ...attributes, length, body: graphOf(body.inputs, [...body.outputs, ...history]) }, ...constants, ...carries, ...xs)
  return { carries: outputs.slice(0, carries.length), ys: outputs.slice(carries.length, body.outputs.length) }
}

/** Elements from `start` up to `end` of the leading axis. */
const part = (x: Tensor, start: number, end: number): Tensor =>
  bind('slice', { start: x.shape.map((_, axis) => (axis === 0 ? start : 0)), limit: x.shape.map((size, axis) => (axis === 0 ? end : size)), stride: x.shape.map(() => 1) }, x)

/**
 * The loop as one over loops of `every` steps, and one over the steps that are left. Reverse mode keeps the carries of a loop that it is
 * applied to, and computes its body again: here, the inner loop.
 */
const checkpointed = (attributes: Loop, length: number, { constants, carries, xs }: Operands, every: number): Results => {
  const { body, reverse } = attributes
  const rounds = Math.floor(length / every)
  const most = rounds * every
  // What is left over comes last.
  const [first, rest] = reverse ? [length - most, 0] : [0, most]
  const parameters = [...constants, ...carries].map((operand, index) => placeholder(`operand ${index}`, operand))
  const slices = xs.map((x, index) => placeholder(`slices ${index}`, { shape: [every, ...x.shape.slice(1)], dtype: x.dtype }))
  const round = loop(attributes, every, { constants: parameters.slice(0, constants.length), carries: parameters.slice(constants.length), xs: slices })
  const outer = loop(
    { ...attributes, body: graphOf([...parameters, ...slices], [...round.carries, ...round.ys]) },
    rounds,
    { constants, carries, xs: xs.map((x) => reshape(most === length ? x : part(x, first, first + most), [rounds, every, ...x.shape.slice(1)])) }
  )
  const stacked = outer.ys.map((y) => reshape(y, [most, ...y.shape.slice(2)]))
  if (most === length) return { carries: outer.carries, ys: stacked }
  const last = loop({ ...attributes, body }, length - most, { constants, carries: outer.carries, xs: xs.map((x) => part(x, rest, rest + length - most)) })
  return {
    carries: last.carries,
    ys: stacked.map((y, index) => bind('concatenate', { axis: 0 }, ...(reverse ? [at(last.ys, index), y] : [y, at(last.ys, index)])))
  }
}

/**
 * A loop whose program does not grow with the number of steps: `step` goes from the carry and a slice of `xs` to the next carry and an
 * answer, and is called once, when the program is built. Answers the last carry, a tree of `init`'s type, and the steps' answers,
 * stacked along a new leading axis.
 *
 * `xs` is a tree whose tensors have one element of the leading axis for each step; `null` where there is nothing to slice, then `length`
 * says how many steps there are. There may be none: then the carry is `init`. What `step` captures is the same in every step.
 *
 * Derivatives of both modes and of any order are loops too. Reverse mode keeps the carries before each step and computes the rest of a
 * step again; with `checkpointEvery` it keeps fewer of them.
 *
 * Throws `ShapeError` where leading axes differ or are missing, and `TreeError`, `ShapeError` or `DtypeError` where the next carry is not
 * of the structure, shapes and types of the carry before; each names the leaf.
 */
export const scan = <C, X, Y>(
  step: (carry: C, slice: SliceOf<X>) => readonly [C, Y],
  init: C,
  xs: X,
  { length, reverse = false, checkpointEvery = 1 }: ScanOptions = {}
): readonly [C, StackOf<Y>] => {
  const sliced = leavesOf(xs, isTensor)
  const steps = stepsOf(sliced, length)
  if (!Number.isInteger(checkpointEvery) || checkpointEvery < 1) {
    throw new ShapeError({ operation: 'scan', operand: 'checkpointEvery', expected: 'a whole number of steps, at least 1', found: String(checkpointEvery) })
  }
  const beginning = leavesOf(init, isTensor)
  const carries = beginning.map(({ path, leaf }) => placeholder(path === '' ? 'carry' : path, leaf))
  const slices = sliced.map(({ path, leaf }) => placeholder(path === '' ? 'x' : path, { shape: leaf.shape.slice(1), dtype: leaf.dtype }))
  // Every tensor became one without its leading axis; that is what SliceOf states.
  const [next, answer] = step(replaceTensors(init, carries), replaceTensors(xs, slices) as unknown as SliceOf<X>)
  const { graph, captured } = close([...carries, ...slices], [...nextCarries(beginning, leavesOf(next, isTensor)), ...tensorsOf(answer)])
  // Placeholders for what is captured are the graph's last inputs, and a loop's first.
  const own = carries.length + slices.length
  const body = graphOf([...graph.inputs.slice(own), ...graph.inputs.slice(0, own)], graph.outputs)
  const attributes: Loop = { body, constants: captured.length, carries: carries.length, reverse }
  const operands: Operands = { constants: captured, carries: beginning.map(({ leaf }) => leaf), xs: sliced.map(({ leaf }) => leaf) }
  const every = Math.min(checkpointEvery, steps)
  const results = every > 1 ? checkpointed(attributes, steps, operands, every) : loop(attributes, steps, operands)
  // Every tensor became one with a leading axis more; that is what StackOf states.
  return [replaceTensors(init, results.carries), replaceTensors(answer, results.ys) as unknown as StackOf<Y>]
}
