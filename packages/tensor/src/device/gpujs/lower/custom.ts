import type { PoolAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { KernelSource } from '../engine/engine.js'
import { mostTerms } from './limits.js'
import { addressOf, decodeThread, elementAt, writer } from '../kernel/writer.js'
import type { Writer } from '../kernel/writer.js'

/** A variable that counts to a size, and the distance in an array from one of its values to the next. */
export type Part = readonly [name: string, size: number, stride: number]

/** Text that reads an array at a sum of parts. */
export type Read = (seat: number, ...parts: readonly Part[]) => string

/** A whole number as text of a real one, as both sides of `? :` must be. */
export const real = (w: Writer, whole: number): string => w.constant(`Math.floor(${w.scalar(whole + 0.5)})`)

/** A kernel written by hand: `body` writes statements and answers the result of the thread at these coordinates. */
export const custom = (shape: readonly number[], arrays: readonly number[], body: (w: Writer, coordinates: readonly string[], read: Read) => string): KernelSource => {
  const w = writer()
  // Axes of size 1 cost nothing to keep apart, and keep the text the same; a single axis is one coordinate.
  const coordinates = decodeThread(w, shape.length === 1 ? [1, ...shape] : shape)
  const read: Read = (seat, ...parts) => elementAt(seat, addressOf(w, arrays[seat] ?? 0, 0, parts.map(([name, size, stride]) => ({ name, size, stride }))))
  const result = body(w, shape.length === 1 ? coordinates.slice(1) : coordinates, read)
  return w.kernel(arrays.length, sizeOf(shape), result)
}

interface Map2d {
  readonly maps: number
  readonly height: number
  readonly width: number
  readonly rows: number
  readonly columns: number
}

/** Sizes of the maps of a pooling: input [N, C, height, width], windows [N, C, rows, columns]. */
export const mapsOf = (x: readonly number[], y: readonly number[]): Map2d => ({
  maps: (x[0] ?? 1) * (x[1] ?? 1),
  height: x[2] ?? 1,
  width: x[3] ?? 1,
  rows: y[2] ?? 1,
  columns: y[3] ?? 1
})

/** (x) → flat index y·W + x of each window's first maximum or last NaN; −1 for a window without elements. */
export const poolWinners = ({ maps, height, width, rows, columns }: Map2d, { kernel, stride, padding, dilation }: PoolAttributes): KernelSource =>
  custom([maps, rows, columns], [maps * height * width], (w, [map = '0', row = '0', column = '0'], read) => {
    const [high, wide] = [w.scalar(height), w.scalar(width)]
    const top = w.constant(`${row} * ${w.scalar(stride[0])} - ${w.scalar(padding[0][0])}`)
    const left = w.constant(`${column} * ${w.scalar(stride[1])} - ${w.scalar(padding[1][0])}`)
    w.line(`let best = -1; let m = 0; for (let ky = 0; ky < ${w.scalar(kernel[0])}; ky++) { const y = ${top} + ky * ${w.scalar(dilation[0])}; if (y >= 0 && y < ${high}) {`)
    w.line(`for (let kx = 0; kx < ${w.scalar(kernel[1])}; kx++) { const x = ${left} + kx * ${w.scalar(dilation[1])}; if (x >= 0 && x < ${wide}) {`)
    const v = w.constant(read(0, [map, maps, height * width], ['y', height, width], ['x', width, 1]))
    const nan = w.constant(`(${v} <= 0 || ${v} > 0) ? 0 : 1`)
    w.line(`if (best < 0 || ${v} > m || ${nan} > 0.5) { best = y * ${wide} + x; m = ${v}; } } } } }`)
    return 'best'
  })

/** (x, winners) → each window's maximum, −∞ for a window without elements. */
export const poolMaxima = ({ maps, height, width, rows, columns }: Map2d): KernelSource =>
  custom([maps, rows * columns], [maps * height * width, maps * rows * columns], (w, [map = '0', window = '0'], read) => {
    const winner = w.constant(read(1, [map, maps, rows * columns], [window, rows * columns, 1]))
    const place = w.constant(`Math.max(${winner}, 0)`)
    const value = w.constant(read(0, [map, maps, height * width], [place, height * width, 1]))
    return `${winner} < 0 ? ${w.scalar(-Infinity)} : ${value}`
  })

/** (winners, dy) → dx: each cell collects from the windows that it won. */
export const poolGradient = ({ maps, height, width, rows, columns }: Map2d, { kernel, stride, padding, dilation }: PoolAttributes): KernelSource =>
  custom([maps, height, width], [maps * rows * columns, maps * rows * columns], (w, [map = '0', y = '0', x = '0'], read) => {
    const own = w.constant(`${y} * ${w.scalar(width)} + ${x}`)
    const [strideY, strideX] = [w.scalar(stride[0]), w.scalar(stride[1])]
    const down = w.constant(`${y} + ${w.scalar(padding[0][0])}`)
    const right = w.constant(`${x} + ${w.scalar(padding[1][0])}`)
    w.line(`let s = 0; for (let ky = 0; ky < ${w.scalar(kernel[0])}; ky++) { const ty = ${down} - ky * ${w.scalar(dilation[0])}; const oy = Math.floor((ty + 0.5) / ${strideY}); if (ty >= 0 && ty - oy * ${strideY} < 0.5 && oy < ${w.scalar(rows)}) {`)
    w.line(`for (let kx = 0; kx < ${w.scalar(kernel[1])}; kx++) { const tx = ${right} - kx * ${w.scalar(dilation[1])}; const ox = Math.floor((tx + 0.5) / ${strideX}); if (tx >= 0 && tx - ox * ${strideX} < 0.5 && ox < ${w.scalar(columns)}) {`)
    const window = [[map, maps, rows * columns], ['oy', rows, columns], ['ox', columns, 1]] as const
    const winner = w.constant(read(0, ...window))
    const gradient = w.constant(read(1, ...window))
    w.line(`if (${winner} === ${own}) { s += ${gradient}; } } } } }`)
    return 's'
  })

/** Text that makes `best` the place of a value if that is the first largest or the first NaN so far; `m` and `bad` are what it was. */
const better = (w: Writer, place: string, value: string, isFirst: string): void => {
  const nan = w.constant(`(${value} <= 0 || ${value} > 0) ? 0 : 1`)
  w.line(`if (bad < 0.5) { if (${isFirst} || ${value} > m || ${nan} > 0.5) { best = ${place}; m = ${value}; } bad = ${nan}; }`)
}

/** Along how many elements one thread looks for a largest one, where there are so many. */
export const stretchOf = (size: number): number => (size <= mostTerms ? size : Math.min(mostTerms, Math.ceil(Math.sqrt(size))))

/** (x: [outer, size, inner]) → [outer, stretches, inner]: the first index of the largest, or of the first NaN, in each stretch of the middle. */
export const firstMaxima = (outer: number, size: number, inner: number): KernelSource => {
  const stretch = stretchOf(size)
  const stretches = Math.ceil(size / stretch)
  return custom([outer, stretches, inner], [outer * size * inner], (w, [o = '0', s = '0', i = '0'], read) => {
    const start = w.constant(`${s} * ${w.scalar(stretch)}`)
    const length = w.constant(`Math.min(${w.scalar(size)} - ${start}, ${w.scalar(stretch)})`)
    w.line(`let best = 0; let m = 0; let bad = 0; for (let k = 0; k < ${length}; k++) {`)
    const place = w.constant(`${start} + k`)
    better(w, place, w.constant(read(0, [o, outer, size * inner], [place, size, inner], [i, inner, 1])), 'k < 1')
    w.line('}')
    return 'best'
  })
}

/** (x: [outer, size, inner], firstMaxima) → [outer, inner]: the first of the stretches' winners. */
export const firstOfMaxima = (outer: number, size: number, inner: number): KernelSource => {
  const stretches = Math.ceil(size / stretchOf(size))
  return custom([outer, inner], [outer * size * inner, outer * stretches * inner], (w, [o = '0', i = '0'], read) => {
    w.line(`let best = 0; let m = 0; let bad = 0; for (let k = 0; k < ${w.scalar(stretches)}; k++) {`)
    const place = w.constant(read(1, [o, outer, stretches * inner], ['k', stretches, inner], [i, inner, 1]))
    better(w, place, w.constant(read(0, [o, outer, size * inner], [place, size, inner], [i, inner, 1])), 'k < 1')
    w.line('}')
    return 'best'
  })
}

/** Sizes of a scatter: updates [batch, middle, count, inner] are added up into [batch, middle, size, inner]. */
export interface Scatter {
  readonly batch: number
  readonly middle: number
  readonly count: number
  readonly size: number
  readonly inner: number
}

/** (updates, offsets, places) → sums: each element collects the updates that its list names. */
export const scatterSum = ({ batch, middle, count, size, inner }: Scatter): KernelSource =>
  custom([batch, middle, size, inner], [batch * middle * count * inner, batch * size + 1, batch * count], (w, [b = '0', m = '0', s = '0', i = '0'], read) => {
    const start = w.constant(read(1, [b, batch, size], [s, size, 1]))
    const next = w.constant(`${s} + 1`)
    const end = w.constant(read(1, [b, batch, size], [next, size + 1, 1]))
    const length = w.constant(`${end} - ${start}`)
    w.line(`let t = 0; for (let j = 0; j < ${length}; j++) {`)
    const place = w.constant(read(2, [start, batch * count, 1], ['j', count, 1]))
    w.line(`t += ${read(0, [b, batch, middle * count * inner], [m, middle, count * inner], [place, count, inner], [i, inner, 1])}; }`)
    return 't'
  })

/** (updates, starts and batches of pieces, places) → [pieces, middle, inner]: the sums of pieces of lists. */
export const pieceSums = ({ batch, middle, count, inner }: Scatter, pieces: number): KernelSource =>
  custom([pieces, middle, inner], [batch * middle * count * inner, 2 * pieces + 1, batch * count], (w, [p = '0', m = '0', i = '0'], read) => {
    const start = w.constant(read(1, [p, pieces, 1]))
    const next = w.constant(`${p} + 1`)
    const length = w.constant(`${read(1, [next, pieces + 1, 1])} - ${start}`)
    const owner = w.constant(`${next} + ${w.scalar(pieces)}`)
    const b = w.constant(read(1, [owner, 2 * pieces + 1, 1]))
    w.line(`let t = 0; for (let j = 0; j < ${length}; j++) {`)
    const place = w.constant(read(2, [start, batch * count, 1], ['j', count, 1]))
    w.line(`t += ${read(0, [b, batch, middle * count * inner], [m, middle, count * inner], [place, count, inner], [i, inner, 1])}; }`)
    return 't'
  })

/** (sums of pieces, offsets into pieces) → sums. */
export const sumOfPieces = ({ batch, middle, size, inner }: Scatter, pieces: number): KernelSource =>
  custom([batch, middle, size, inner], [pieces * middle * inner, batch * size + 1], (w, [b = '0', m = '0', s = '0', i = '0'], read) => {
    const start = w.constant(read(1, [b, batch, size], [s, size, 1]))
    const next = w.constant(`${s} + 1`)
    const length = w.constant(`${read(1, [b, batch, size], [next, size + 1, 1])} - ${start}`)
    w.line(`let t = 0; for (let j = 0; j < ${length}; j++) {`)
    w.line(`t += ${read(0, [start, pieces, middle * inner], ['j', pieces, middle * inner], [m, middle, inner], [i, inner, 1])}; }`)
    return 't'
  })
