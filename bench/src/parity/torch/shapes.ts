import * as T from '@tabula/tensor'
import { axisOf, lastAndBack, leading } from './axes.js'
import { padded } from './padding.js'
import type { Floats, Integers, Operations, Recorded } from './recorded.js'
import { elementwise, floats as constantFloats, integers, sums } from './recorded.js'
import { indexed, sliced } from './subscripts.js'

/** Elements of x at flat, row-major positions that are known before the program runs. */
const atPositions = (x: Floats, positions: readonly number[]): Floats =>
  T.gather(integers([positions.length], positions), { axis: 0 })(T.reshape([T.sizeOf(x.shape)])(x))

/** The flat positions of the true elements of a recorded mask, repeated as it broadcasts to a shape. */
const positionsOf = ({ shape: own, data }: T.HostValue, shape: readonly number[]): readonly number[] => {
  const lead = shape.length - own.length
  return Array.from({ length: T.sizeOf(shape) }, (_, position) => position).filter((position) => {
    let [rest, at, stride] = [position, 0, 1]
    for (let axis = shape.length - 1; axis >= lead; axis--) {
      const [size, ownSize] = [shape[axis] ?? 1, own[axis - lead] ?? 1]
      if (ownSize > 1) at += (rest % size) * stride
      stride *= ownSize
      rest = Math.floor(rest / size)
    }
    return data[at] !== 0
  })
}

/** x with `updates` added where `indices`, of their own shape, point along an axis; along the others they lie at the front of x. */
const scattered = (x: Floats, indices: Integers, given: Floats, dim: number): Floats => {
  const rank = x.shape.length
  const axis = axisOf(dim, rank)
  const [there, back] = lastAndBack(rank, axis)
  // Updates beyond the indices take no part.
  const updates = leading(indices.shape)(given)
  const added = T.scatterAdd(T.transpose(there)(indices), { axis: rank - 1, batchDims: rank - 1, size: x.shape[axis] ?? 0 })(T.transpose(there)(updates))
  const placed = T.transpose(back)(added)
  const missing = x.shape.map((size, k) => size - (placed.shape[k] ?? 0))
  return T.add(x, T.pad({ low: x.shape.map(() => 0), high: missing, value: 0 })(placed))
}

/** The elements of x to which `indices` point along an axis; along the others the indices lie at the front of x. */
const gathered = (x: Floats, indices: Integers, dim: number): Floats => {
  const rank = x.shape.length
  const axis = axisOf(dim, rank)
  const [there, back] = lastAndBack(rank, axis)
  const front = leading(x.shape.map((size, k) => (k === axis ? size : (indices.shape[k] ?? 0))))(x)
  return T.transpose(back)(T.gather(T.transpose(there)(indices), { axis: rank - 1, batchDims: rank - 1 })(T.transpose(there)(front)))
}

/** x with rows replaced by `given`, which broadcasts, or with it added; rows that are replaced must differ. */
const put = (x: Floats, indices: Integers, given: Floats, accumulate: boolean): Floats => {
  const size = x.shape[0] ?? 0
  const rows: Integers = T.select(T.less(indices, 0), T.add(indices, size), indices)
  const values: Floats = T.broadcastTo([...indices.shape, ...x.shape.slice(1)])(given)
  const placed = T.scatterAdd(rows, { axis: 0, size })(values)
  if (accumulate) return T.add(x, placed)
  const marked = T.scatterAdd(rows, { axis: 0, size })(constantFloats(rows.shape, new Float64Array(T.sizeOf(rows.shape)).fill(1)))
  const hit = T.broadcastTo(x.shape)(T.reshape([size, ...x.shape.slice(1).map(() => 1)])(T.greater(marked, 0)))
  return T.select(hit, placed, x)
}

/** x repeated `reps` times along each axis. */
const tiled = (x: Floats, reps: readonly number[]): Floats =>
  reps.reduce<Floats>(
    (tensor, times, axis) => (times === 0 ? T.slice({ axis, limit: 0 })(tensor) : T.concatenate({ axis })(Array.from({ length: times }, () => tensor))),
    T.reshape([...new Array<number>(reps.length - x.shape.length).fill(1), ...x.shape])(x)
  )

/** A shape of which −1 stands for x's own size. */
const expanded = (x: Floats, shape: readonly number[]): readonly number[] =>
  shape.map((size, axis) => (size === -1 ? (x.shape[axis - (shape.length - x.shape.length)] ?? 1) : size))

const permuted = ({ floats, args }: Recorded): Floats => {
  const x = floats('x')
  return T.transpose(args.list('dims').map((axis) => axisOf(axis, x.shape.length)))(x)
}

/** Group `shape`. */
export const shapes: Operations = {
  permute: elementwise(permuted),
  permute_reshape: elementwise((recorded) => T.reshape(recorded.args.list('shape'))(permuted(recorded))),
  expand: elementwise(({ floats, args }) => T.broadcastTo(expanded(floats('x'), args.list('shape')))(floats('x'))),
  slice: elementwise(({ floats, args }) => sliced(floats('x'), args.text('text'))),
  cat: elementwise(({ names, floats, args }) => T.concatenate({ axis: args.number('dim') })(names.map(floats))),
  stack: elementwise(({ names, floats, args }) => T.stack({ axis: args.number('dim') })(names.map(floats))),
  index_select: elementwise(({ floats, integers: indices, args }) => T.gather(indices('index'), { axis: args.number('dim') })(floats('x'))),
  gather: elementwise(({ floats, integers: indices, args }) => gathered(floats('x'), indices('index'), args.number('dim'))),
  scatter_add: sums(({ floats, integers: indices, args }) => scattered(floats('x'), indices('index'), floats('src'), args.number('dim'))),
  index: elementwise(({ floats, integers: indices, args }) => indexed(floats('x'), args.text('text'), indices)),
  index_put: sums(({ floats, integers: indices, args }) => put(floats('x'), indices('i'), floats('v'), args.truth('accumulate'))),
  masked_select: elementwise(({ floats, host }) => atPositions(floats('x'), positionsOf(host('m'), floats('x').shape))),
  masked_fill: elementwise(({ floats, truths, args }) => T.select(truths('m'), constantFloats([], [args.number('value')]), floats('x'))),
  pad: elementwise(({ floats, args }) => padded(floats('x'), args.text('mode'), args.list('pad'), args.number('value', 0))),
  flip: elementwise(({ floats, args }) => T.reverse({ axes: args.list('dims') })(floats('x'))),
  repeat: elementwise(({ floats, args }) => tiled(floats('x'), args.list('reps'))),
  graph: sums(({ floats, args }) => {
    args.only('text', 'y = x * x + x.sum(1, keepdim) * x.detach(); z = relu(y) @ w')
    const x = floats('x')
    const y: Floats = T.add(T.mul(x, x), T.mul(T.sum({ axes: [1], keepDimensions: true })(x), T.stopGradient(x)))
    return T.matmul(T.relu(y), floats('w'))
  }),
  roll: { skip: 'roll does not exist yet' },
  unfold: { skip: 'unfold does not exist yet' },
  tril: { skip: 'tril does not exist yet' }
}
