import { sameShape, showShape } from '../shape.js'
import type { HostValue } from '../value.js'
import type { Tolerance } from './tolerances.js'

const same = (got: number, want: number, limit: number): boolean =>
  got === want || (Number.isNaN(got) && Number.isNaN(want)) || (Number.isFinite(want) && Math.abs(got - want) <= limit)

/** The first difference between two values beyond the tolerance, as a sentence; `undefined` where there is none. NaN equals NaN. */
export const differenceOf = (got: HostValue | undefined, want: HostValue, { absolute, relative }: Tolerance): string | undefined => {
  if (got === undefined) return `expected ${want.dtype}${showShape(want.shape)}, found nothing`
  if (got.dtype !== want.dtype || !sameShape(got.shape, want.shape) || got.data.length !== want.data.length) {
    return `expected ${want.dtype}${showShape(want.shape)}, found ${got.dtype}${showShape(got.shape)} with ${got.data.length} elements`
  }
  let largest = 0
  for (const x of want.data) if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x))
  const limit = want.dtype === 'f32' ? absolute + relative * largest : 0
  for (let i = 0; i < want.data.length; i++) {
    const [found, expected] = [got.data[i] ?? NaN, want.data[i] ?? NaN]
    if (!same(found, expected, limit)) return `element ${i} of ${want.dtype}${showShape(want.shape)}: expected ${expected} ± ${limit}, found ${found}`
  }
  return undefined
}
