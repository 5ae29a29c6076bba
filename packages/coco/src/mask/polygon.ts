import type { Rle } from './rle.js'

/** The reference rasterizes on a grid this many times finer than the pixels. */
const scale = 5

/** Beyond this the reference's integers overflow. Corners farther out are moved here, so that no coordinate costs more than another. */
const farthest = 2 ** 31 - 1

const grid = (coordinate: number): number => Math.min(Math.max(Math.trunc(scale * coordinate + 0.5), -farthest), farthest)

/**
 * The first whole step from 0 to `last` at which `start + slope · step + 0.5` reaches `limit` (or, for a falling edge, is below it), in the
 * reference's own floating-point order. Bisected: an edge's length does not matter.
 */
const firstStep = (start: number, slope: number, last: number, limit: number): number => {
  const rising = slope > 0
  let low = 0
  let high = last
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (start + slope * middle + 0.5 >= limit === rising) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Where an edge between two corners on the fine grid crosses the centres of pixel columns, as indices column × height + row.
 * `rleFrPoly` walks the edge point by point and keeps the crossings; here each column's crossing is computed from the same expression.
 */
const crossings = (xs: number, ys: number, xe: number, ye: number, height: number, width: number, toggles: number[]): void => {
  const dx = Math.abs(xe - xs)
  const dy = Math.abs(ye - ys)
  if ((dx >= dy && xs > xe) || (dx < dy && ys > ye)) return crossings(xe, ye, xs, ys, height, width, toggles)
  // A column's centre lies between the fine columns 5 c + 2 and 5 c + 3; both must belong to the edge.
  const first = Math.max(0, Math.ceil((Math.min(xs, xe) - 2) / scale))
  const last = Math.min(width - 1, Math.floor((Math.max(xs, xe) - 3) / scale))
  const slope = dx >= dy ? (ye - ys) / dx : (xe - xs) / dy
  for (let column = first; column <= last; column++) {
    const step = scale * column + 2 - xs
    const v =
      dx >= dy
        ? Math.min(Math.trunc(ys + slope * step + 0.5), Math.trunc(ys + slope * (step + 1) + 0.5))
        : ys + firstStep(xs, slope, dy, scale * column + 3) - 1
    const row = (v + 0.5) / scale - 0.5
    toggles.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)))
  }
}

/**
 * The mask of one polygon `x0, y0, x1, y1, …` in pixels, by the reference's rule (`rleFrPoly`): a pixel belongs where its column's
 * centre line enters and leaves the outline, even-odd; parts outside the image are cut off.
 */
export const rasterizePolygon = (xy: ArrayLike<number>, height: number, width: number): Rle => {
  const toggles: number[] = []
  const corners = Math.floor(xy.length / 2)
  for (let corner = 0; corner < corners; corner++) {
    const next = corner + 1 === corners ? 0 : corner + 1
    crossings(grid(xy[2 * corner] ?? 0), grid(xy[2 * corner + 1] ?? 0), grid(xy[2 * next] ?? 0), grid(xy[2 * next + 1] ?? 0), height, width, toggles)
  }
  toggles.push(height * width)
  // Ascending positions become run lengths in place.
  const runs = new Float64Array(toggles).sort()
  for (let j = runs.length - 1; j > 0; j--) runs[j] = (runs[j] ?? 0) - (runs[j - 1] ?? 0)
  const counts = new Uint32Array(runs.length)
  counts[0] = runs[0] ?? 0
  let length = 1
  for (let j = 1; j < runs.length; ) {
    const run = runs[j++] ?? 0
    if (run > 0) counts[length++] = run
    // A run of zero length joins its neighbours.
    else if (j < runs.length) counts[length - 1] = (counts[length - 1] ?? 0) + (runs[j++] ?? 0)
  }
  return { height, width, counts: counts.slice(0, length) }
}

/** The mask of a box [x, y, w, h], as the polygon of its corners (`rleFrBbox`). */
export const rasterizeBox = ([x, y, w, h]: readonly [number, number, number, number], height: number, width: number): Rle =>
  rasterizePolygon([x, y, x, y + h, x + w, y + h, x + w, y], height, width)
