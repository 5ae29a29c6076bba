import * as T from '@tabula/tensor'
import type { Floats, Integers, Operations } from './recorded.js'
import { elementwise, floats as constantFloats, integers, sums } from './recorded.js'

/** The ranges of a text such as `x[:, 1:4:2, ::2]`, one for each axis. */
const rangesOf = (text: string): readonly T.Range[] => {
  const inside = /\[(.*)\]/.exec(text)?.[1] ?? ''
  return inside.split(',').map((part, axis) => {
    const [start, limit, stride] = part.trim().split(':')
    return {
      axis,
      ...(start ? { start: Number(start) } : {}),
      ...(limit ? { limit: Number(limit) } : {}),
      ...(stride ? { stride: Number(stride) } : {})
    }
  })
}

/** Elements of x at flat, row-major positions that are known before the program runs. */
const atPositions = (x: Floats, positions: readonly number[]): Floats =>
  T.gather(integers([positions.length], positions), { axis: 0 })(T.reshape([T.sizeOf(x.shape)])(x))

/** The flat positions of the true elements of a recorded mask. */
const positionsOf = (mask: T.HostValue): readonly number[] => Array.from(mask.data, (truth: number, index) => (truth === 0 ? -1 : index)).filter((index) => index >= 0)

/** Adds `updates` into x where `indices`, of the updates' own shape, point along axis 0. */
const scatterRows = (x: Floats, indices: Integers, updates: Floats): Floats => {
  const swap = T.transpose([1, 0])
  const added = T.scatterAdd(swap(indices), { axis: 1, batchDims: 1, size: x.shape[0] ?? 0 })(swap(updates))
  return T.add(x, swap(added))
}

/** Where each element of a padded axis comes from: `reflect` mirrors without the edge, `replicate` repeats it. */
const sources = (mode: string, size: number, before: number, after: number): readonly number[] =>
  Array.from({ length: before + size + after }, (_, k) => {
    const position = k - before
    if (mode === 'replicate') return Math.min(Math.max(position, 0), size - 1)
    return position < 0 ? -position : position >= size ? 2 * (size - 1) - position : position
  })

const along = (axis: number, indices: readonly number[]) => (x: Floats): Floats => T.gather(integers([indices.length], indices), { axis })(x)

/** Padding of the last two axes, `[left, right, top, bottom]`. */
const padded = (x: Floats, mode: string, [left = 0, right = 0, top = 0, bottom = 0]: readonly number[], value: number): Floats => {
  const rank = x.shape.length
  if (mode === 'constant') {
    const none = x.shape.slice(0, -2).map(() => 0)
    return T.pad({ low: [...none, top, left], high: [...none, bottom, right], value })(x)
  }
  const rows = sources(mode, x.shape[rank - 2] ?? 0, top, bottom)
  const columns = sources(mode, x.shape[rank - 1] ?? 0, left, right)
  return along(rank - 1, columns)(along(rank - 2, rows)(x))
}

/** x repeated `reps` times along each axis. */
const tiled = (x: Floats, reps: readonly number[]): Floats =>
  reps.reduce<Floats>((tensor, times, axis) => T.concatenate({ axis })(Array.from({ length: times }, () => tensor)), x)

/** Group `shape`. */
export const shapes: Operations = {
  permute: elementwise(({ floats, args }) => T.transpose(args.list('dims'))(floats('x'))),
  permute_reshape: elementwise(({ floats, args }) => T.reshape(args.list('shape'))(T.transpose(args.list('dims'))(floats('x')))),
  expand: elementwise(({ floats, args }) => T.broadcastTo(args.list('shape'))(floats('x'))),
  slice: elementwise(({ floats, args }) => T.slice(...rangesOf(args.text('text')))(floats('x'))),
  cat: elementwise(({ floats, args }) => T.concatenate({ axis: args.number('dim') })([floats('a'), floats('b'), floats('c')])),
  stack: elementwise(({ floats, args }) => T.stack({ axis: args.number('dim') })([floats('a'), floats('b')])),
  index_select: elementwise(({ floats, integers: indices, args }) => T.gather(indices('index'), { axis: args.number('dim') })(floats('x'))),
  gather: elementwise(({ floats, integers: indices, args }) => T.gather(indices('index'), { axis: args.number('dim'), batchDims: args.number('dim') })(floats('x'))),
  scatter_add: sums(({ floats, integers: indices }) => scatterRows(floats('x'), indices('index'), floats('src'))),
  /** x[i, j]: pairs of indices into the first two axes, merged. */
  index: elementwise(({ floats, integers: indices }) => {
    const x = floats('x')
    const [rows = 0, columns = 0, ...rest] = x.shape
    const flat: Integers = T.add(T.mul(indices('i'), columns), indices('j'))
    return T.gather(flat, { axis: 0 })(T.reshape([rows * columns, ...rest])(x))
  }),
  index_put: sums(({ floats, integers: indices }) => T.add(floats('x'), T.scatterAdd(indices('i'), { axis: 0, size: floats('x').shape[0] ?? 0 })(floats('v')))),
  masked_select: elementwise(({ floats, host }) => atPositions(floats('x'), positionsOf(host('m')))),
  masked_fill: elementwise(({ floats, truths, args }) => T.select(truths('m'), constantFloats([], [args.number('value')]), floats('x'))),
  pad: elementwise(({ floats, args }) => padded(floats('x'), args.text('mode'), args.list('pad'), args.number('value', 0))),
  flip: elementwise(({ floats, args }) => T.reverse({ axes: args.list('dims') })(floats('x'))),
  repeat: elementwise(({ floats, args }) => tiled(floats('x'), args.list('reps'))),
  graph: sums(({ floats }) => {
    const x = floats('x')
    const y: Floats = T.add(T.mul(x, x), T.mul(T.sum({ axes: [1], keepDimensions: true })(x), T.stopGradient(x)))
    return T.matmul(T.relu(y), floats('w'))
  }),
  roll: { skip: 'roll does not exist yet' },
  unfold: { skip: 'unfold does not exist yet' },
  tril: { skip: 'tril does not exist yet' }
}
