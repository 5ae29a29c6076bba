import { hostValue } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'

/** Rows `start` … of a value's first axis, as many as `count`. */
export const rowsOf = ({ shape: [rows = 0, ...rest], data }: HostValue, start: number, count: number): HostValue => {
  const size = rows === 0 ? 0 : data.length / rows
  return hostValue('f32', [count, ...rest], Float64Array.from(data.subarray(start * size, (start + count) * size)))
}

/** Values one after the other along the first axis; nothing of none. */
export const joinRows = (parts: readonly HostValue[]): HostValue | undefined => {
  const [first] = parts
  if (first === undefined) return undefined
  const rows = parts.reduce((sum, { shape: [own = 0] }) => sum + own, 0)
  return hostValue('f32', [rows, ...first.shape.slice(1)], Float64Array.from(parts.flatMap(({ data }) => Array.from(data, Number))))
}

/** The sum of values of one shape; nothing of none. */
export const sumOf = (parts: readonly HostValue[]): HostValue | undefined => {
  const [first] = parts
  if (first === undefined) return undefined
  return hostValue('f32', first.shape, Float64Array.from({ length: first.data.length }, (_, k) => parts.reduce((sum, { data }) => sum + Number(data[k] ?? 0), 0)))
}
