import type { Rle } from './rle.js'

/** The reference rasterizes on a grid this many times finer than the pixels. */
const scale = 5

/** The outline's points on the fine grid, one for each step of an edge's longer side, as `rleFrPoly` walks them. */
const outline = (xy: ArrayLike<number>): { readonly u: Int32Array; readonly v: Int32Array } => {
  const corners = Math.floor(xy.length / 2)
  const x = new Int32Array(corners + 1)
  const y = new Int32Array(corners + 1)
  for (let j = 0; j < corners; j++) {
    x[j] = Math.trunc(scale * (xy[2 * j] ?? 0) + 0.5)
    y[j] = Math.trunc(scale * (xy[2 * j + 1] ?? 0) + 0.5)
  }
  x[corners] = x[0] ?? 0
  y[corners] = y[0] ?? 0
  let points = 0
  for (let j = 0; j < corners; j++) points += Math.max(Math.abs((x[j] ?? 0) - (x[j + 1] ?? 0)), Math.abs((y[j] ?? 0) - (y[j + 1] ?? 0))) + 1
  const u = new Int32Array(points)
  const v = new Int32Array(points)
  let m = 0
  for (let j = 0; j < corners; j++) {
    let [xs, xe, ys, ye] = [x[j] ?? 0, x[j + 1] ?? 0, y[j] ?? 0, y[j + 1] ?? 0]
    const dx = Math.abs(xe - xs)
    const dy = Math.abs(ys - ye)
    const flip = (dx >= dy && xs > xe) || (dx < dy && ys > ye)
    if (flip) [xs, xe, ys, ye] = [xe, xs, ye, ys]
    if (dx >= dy) {
      const slope = dx === 0 ? 0 : (ye - ys) / dx
      for (let d = 0; d <= dx; d++) {
        const t = flip ? dx - d : d
        u[m] = t + xs
        v[m++] = Math.trunc(ys + slope * t + 0.5)
      }
    } else {
      const slope = (xe - xs) / dy
      for (let d = 0; d <= dy; d++) {
        const t = flip ? dy - d : d
        v[m] = t + ys
        u[m++] = Math.trunc(xs + slope * t + 0.5)
      }
    }
  }
  return { u, v }
}

/**
 * The mask of one polygon `x0, y0, x1, y1, …` in pixels, by the reference's rule (`rleFrPoly`): a pixel belongs where its column's
 * centre line enters and leaves the outline, even-odd; parts outside the image are cut off.
 */
export const rasterizePolygon = (xy: ArrayLike<number>, height: number, width: number): Rle => {
  const { u, v } = outline(xy)
  const toggles: number[] = []
  for (let j = 1; j < u.length; j++) {
    const [here, before] = [u[j] ?? 0, u[j - 1] ?? 0]
    if (here === before) continue
    const xd = ((here < before ? here : here - 1) + 0.5) / scale - 0.5
    if (Math.floor(xd) !== xd || xd < 0 || xd > width - 1) continue
    const yd = (Math.min(v[j] ?? 0, v[j - 1] ?? 0) + 0.5) / scale - 0.5
    toggles.push(xd * height + Math.ceil(Math.min(Math.max(yd, 0), height)))
  }
  toggles.push(height * width)
  const sorted = Float64Array.from(toggles).sort()
  const runs: number[] = []
  let previous = 0
  for (const toggle of sorted) {
    runs.push(toggle - previous)
    previous = toggle
  }
  const counts: number[] = [runs[0] ?? 0]
  for (let j = 1; j < runs.length; ) {
    const run = runs[j++] ?? 0
    if (run > 0) counts.push(run)
    // A run of zero length joins its neighbours.
    else if (j < runs.length) counts[counts.length - 1] = (counts.at(-1) ?? 0) + (runs[j++] ?? 0)
  }
  return { height, width, counts: Uint32Array.from(counts) }
}

/** The mask of a box [x, y, w, h], as the polygon of its corners (`rleFrBbox`). */
export const rasterizeBox = ([x, y, w, h]: readonly [number, number, number, number], height: number, width: number): Rle =>
  rasterizePolygon([x, y, x, y + h, x + w, y + h, x + w, y], height, width)
