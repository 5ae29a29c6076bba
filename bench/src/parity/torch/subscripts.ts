import * as T from '@tabula/tensor'
import { axisOf } from './axes.js'
import type { Floats, Integers } from './recorded.js'

/** The parts of a subscript such as `x[:, 1:4:2, None]`, with `...` and missing parts at the end written out as `:`. */
export const subscriptsOf = (text: string, rank: number): readonly string[] => {
  const inside = /\[(.*)\]/.exec(text)?.[1] ?? ''
  const parts = inside.split(',').map((part) => part.trim()).filter((part) => part !== '')
  const used = parts.filter((part) => part !== '...' && part !== 'None').length
  const rest = new Array<string>(Math.max(0, rank - used)).fill(':')
  const dots = parts.indexOf('...')
  return dots < 0 ? [...parts, ...rest] : [...parts.slice(0, dots), ...rest, ...parts.slice(dots + 1)]
}

/** A bound of Python's slices: negative ones count from the end, and both stop at the ends. */
const bound = (text: string | undefined, size: number, missing: number): number => {
  if (text === undefined || text.trim() === '') return missing
  const position = Number(text)
  if (!Number.isInteger(position)) throw new Error(`slice ${text}: expected a whole number`)
  return Math.min(size, Math.max(0, position < 0 ? position + size : position))
}

/** Basic indexing: ranges, single positions (whose axis goes), `None` (a new axis) and `...`. */
export const sliced = (x: Floats, text: string): Floats => {
  const parts = subscriptsOf(text, x.shape.length)
  const ranges: T.Range[] = []
  const shape: number[] = []
  let axis = 0
  for (const part of parts) {
    if (part === 'None') {
      shape.push(1)
      continue
    }
    const size = x.shape[axis] ?? 0
    if (part.includes(':')) {
      const [from, to, by] = part.split(':')
      const [start, stride] = [bound(from, size, 0), by === undefined || by === '' ? 1 : Number(by)]
      const limit = Math.max(start, bound(to, size, size))
      ranges.push({ axis, start, limit, stride })
      shape.push(Math.ceil((limit - start) / stride))
    } else {
      const start = axisOf(Number(part), size)
      ranges.push({ axis, start, limit: start + 1 })
    }
    axis++
  }
  return T.reshape(shape)(T.slice(...ranges)(x))
}

/** Indices of which negative ones count from the end. */
const fromFront = (indices: Integers, size: number): Integers => T.select(T.less(indices, 0), T.add(indices, size), indices)

/**
 * Advanced indexing by whole numbers, such as `x[i, j]` or `x[:, i]`: the indices broadcast together, and their axes take the place of the
 * indexed ones where those are neighbours, else the front (NumPy's rule, and PyTorch's).
 */
export const indexed = (whole: Floats, text: string, operand: (name: string) => Integers): Floats => {
  const asked = subscriptsOf(text, whole.shape.length)
  if (asked.includes('None')) throw new Error(`subscript ${text}: a new axis beside indices is not known`)
  // Ranges and single positions are taken first, as in PyTorch: what is left of a range is a whole axis, of a position nothing.
  const isBasic = (part: string): boolean => part.includes(':') || /^-?\d+$/.test(part)
  const x = sliced(whole, `x[${asked.map((part) => (isBasic(part) ? part : ':')).join(', ')}]`)
  const parts = asked.filter((part) => part.includes(':') || !isBasic(part)).map((part) => (part.includes(':') ? ':' : part))
  const chosen = parts.flatMap((part, axis) => (part === ':' ? [] : [{ axis, part }]))
  const others = parts.flatMap((part, axis) => (part === ':' ? [axis] : []))
  const [first] = chosen
  if (first === undefined) return x
  const size = (axis: number): number => x.shape[axis] ?? 0
  const indices = chosen.map(({ axis, part }): Integers => fromFront(operand(part), size(axis)))
  const flat = indices.reduce((position, index, k): Integers => T.add(T.mul(position, size(chosen[k]?.axis ?? 0)), index))
  const merged = T.reshape([chosen.reduce((product, { axis }) => product * size(axis), 1), ...others.map(size)])(T.transpose([...chosen.map(({ axis }) => axis), ...others])(x))
  const front: Floats = T.gather(flat, { axis: 0 })(merged)
  const neighbours = chosen.every(({ axis }, k) => axis === first.axis + k)
  if (!neighbours) return front
  const [own, before] = [flat.shape.length, first.axis]
  const place = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, k) => from + k)
  return T.transpose([...place(own, before), ...place(0, own), ...place(own + before, others.length - before)])(front)
}
