/** Run lengths of a mask in column-major order, background first: COCO's uncompressed RLE. `size` is [height, width]. */
export type RunLengths = { readonly size: readonly [number, number]; readonly counts: readonly number[] }

/**
 * The union of polygons as a column-major bitmap of height × width, by the rule of the COCO API (`rleFrPoly` in
 * maskApi.c): corners snapped to a grid five times finer, edges walked on it, each pixel column toggled where an edge
 * crosses its centre. Each polygon is a flat list x0, y0, x1, y1, …
 */
export const rasterize = (polygons: readonly (readonly number[])[], height: number, width: number): Uint8Array => {
  const mask = new Uint8Array(height * width)
  for (const polygon of polygons) {
    let inside = 0
    const toggles = columnToggles(polygon, height, width)
    for (let index = 0; index < mask.length; index += 1) {
      inside ^= toggles[index] ?? 0
      mask[index] = (mask[index] ?? 0) | inside
    }
  }
  return mask
}

const scale = 5

const columnToggles = (polygon: readonly number[], height: number, width: number): Uint8Array => {
  // One more place than pixels: an edge along the lower border of the last column ends its run there.
  const toggles = new Uint8Array(height * width + 1)
  const { us, vs } = edgePoints(polygon)
  for (let index = 1; index < us.length; index += 1) {
    const [u, before] = [us[index] ?? 0, us[index - 1] ?? 0]
    if (u === before) continue
    const column = ((u < before ? u : u - 1) + 0.5) / scale - 0.5
    if (Math.floor(column) !== column || column < 0 || column > width - 1) continue
    const row = (Math.min(vs[index] ?? 0, vs[index - 1] ?? 0) + 0.5) / scale - 0.5
    const at = column * height + Math.ceil(Math.min(Math.max(row, 0), height))
    toggles[at] = (toggles[at] ?? 0) ^ 1
  }
  return toggles
}

const edgePoints = (polygon: readonly number[]): { readonly us: readonly number[]; readonly vs: readonly number[] } => {
  const [us, vs]: [number[], number[]] = [[], []]
  const grid = (index: number): number => Math.trunc(scale * (polygon[index % polygon.length] ?? 0) + 0.5)
  for (let corner = 0; corner < polygon.length; corner += 2) {
    let [x, y, endX, endY] = [grid(corner), grid(corner + 1), grid(corner + 2), grid(corner + 3)]
    const [dx, dy] = [Math.abs(endX - x), Math.abs(endY - y)]
    const flipped = (dx >= dy && x > endX) || (dx < dy && y > endY)
    if (flipped) [x, y, endX, endY] = [endX, endY, x, y]
    const steps = Math.max(dx, dy)
    const slope = steps === 0 ? 0 : (dx >= dy ? endY - y : endX - x) / steps
    for (let step = 0; step <= steps; step += 1) {
      const along = flipped ? steps - step : step
      us.push(dx >= dy ? x + along : Math.trunc(x + slope * along + 0.5))
      vs.push(dx >= dy ? Math.trunc(y + slope * along + 0.5) : y + along)
    }
  }
  return { us, vs }
}

/** Number of pixels of a bitmap. */
export const areaOf = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + value, 0)

/** Run lengths of a column-major bitmap. */
export const runLengths = (mask: Uint8Array, height: number, width: number): RunLengths => {
  const counts: number[] = []
  let [value, length] = [0, 0]
  for (const pixel of mask) {
    if (pixel !== value) {
      counts.push(length)
      value = pixel
      length = 0
    }
    length += 1
  }
  return { size: [height, width], counts: [...counts, length] }
}

/** The tight box [x, y, width, height] of a column-major bitmap, in pixels; zeros where it is empty. */
export const boxOf = (mask: Uint8Array, height: number): readonly [number, number, number, number] => {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1]
  mask.forEach((pixel, index) => {
    if (pixel === 0) return
    const [x, y] = [Math.floor(index / height), index % height]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  })
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1]
}
