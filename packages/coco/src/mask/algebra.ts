import type { Rle } from './rle.js'

/** Combines two masks of one size pixel by pixel, run by run. */
const combine = (a: Rle, b: Rle, rule: (inA: boolean, inB: boolean) => boolean): Rle => {
  const counts: number[] = []
  const pixels = a.height * a.width
  let [indexA, indexB] = [0, 0]
  let [leftA, leftB] = [a.counts[0] ?? pixels, b.counts[0] ?? pixels]
  let value = false
  let run = 0
  for (let position = 0; position < pixels; ) {
    while (leftA === 0 && indexA < a.counts.length) leftA = a.counts[++indexA] ?? pixels
    while (leftB === 0 && indexB < b.counts.length) leftB = b.counts[++indexB] ?? pixels
    const step = Math.min(leftA, leftB, pixels - position)
    const next = rule(indexA % 2 === 1, indexB % 2 === 1)
    if (next !== value) {
      counts.push(run)
      run = 0
      value = next
    }
    run += step
    position += step
    leftA -= step
    leftB -= step
  }
  counts.push(run)
  return { height: a.height, width: a.width, counts: Uint32Array.from(counts) }
}

const sized = (masks: readonly Rle[], height: number, width: number): boolean => masks.every((mask) => mask.height === height && mask.width === width)

/** As the reference merges: left to right; masks of different sizes give the empty mask of size 0 × 0. */
const merge = (masks: readonly Rle[], rule: (inA: boolean, inB: boolean) => boolean): Rle => {
  const [first, ...rest] = masks
  if (first === undefined || !sized(rest, first.height, first.width)) return { height: 0, width: 0, counts: new Uint32Array() }
  return rest.reduce((merged, mask) => combine(merged, mask, rule), first)
}

/** Pixels of any of the masks. Masks of different sizes give a mask of size 0 × 0, as in the reference. */
export const union = (...masks: readonly Rle[]): Rle => merge(masks, (a, b) => a || b)

/** Pixels of all of the masks. */
export const intersection = (...masks: readonly Rle[]): Rle => merge(masks, (a, b) => a && b)

/** Pixels of `a` that are not in `b`. */
export const difference = (a: Rle, b: Rle): Rle => merge([a, b], (inA, inB) => inA && !inB)

/** Pixels not in the mask. */
export const complement = (a: Rle): Rle => {
  const { height, width, counts } = a
  if (counts.length === 0) return { height, width, counts: Uint32Array.of(0, height * width) }
  return { height, width, counts: counts[0] === 0 ? counts.slice(1) : Uint32Array.of(0, ...counts) }
}
