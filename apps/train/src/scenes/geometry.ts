/** A point [x, y] in pixels; x to the right, y down; pixel (i, j) covers [i, i+1) × [j, j+1). */
export type Point = readonly [number, number]
/** A closed line of at least three points; the last one joins the first and is not repeated. */
export type Ring = readonly Point[]
/** An outline and its holes. */
export type Polygon = readonly Ring[]

/** Rounds to hundredths of a pixel, the precision of the coordinates in the files. */
export const toHundredths = (value: number): number => Math.round(value * 100) / 100

/** Area with its sign by the shoelace formula, in square pixels. */
export const signedArea = (ring: Ring): number => {
  let twice = 0
  let [fromX, fromY] = ring[ring.length - 1] ?? [0, 0]
  for (const [x, y] of ring) {
    twice += fromX * y - x * fromY
    fromX = x
    fromY = y
  }
  return twice / 2
}

/** Area inside the outline and outside the holes, in square pixels. */
export const polygonArea = (polygon: Polygon): number =>
  polygon.reduce((area, ring, index) => area + (index === 0 ? 1 : -1) * Math.abs(signedArea(ring)), 0)

/** Smallest and largest coordinates of a set of points: [left, top, right, bottom]. */
export const boundsOf = (points: readonly Point[]): readonly [number, number, number, number] => {
  let bounds: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [x, y] of points) {
    bounds = [Math.min(bounds[0], x), Math.min(bounds[1], y), Math.max(bounds[2], x), Math.max(bounds[3], y)]
  }
  return bounds
}

/** How a unit shape is put on the canvas: stretched along its own x axis, then turned, scaled and moved. */
export type Placement = {
  readonly x: number
  readonly y: number
  /** Pixels for one unit of the shape. */
  readonly radius: number
  /** Radians, clockwise on the screen. */
  readonly angle: number
  /** Ratio of the two axes; 1 keeps the proportions. */
  readonly stretch: number
}

/** Moves a unit shape to its place; coordinates rounded to hundredths. */
export const place = (shape: Polygon, placement: Placement): Polygon => {
  const { x, y, radius, angle, stretch } = placement
  const [cos, sin] = [Math.cos(angle) * radius, Math.sin(angle) * radius]
  const [wide, high] = [Math.sqrt(stretch), 1 / Math.sqrt(stretch)]
  return shape.map((ring) =>
    ring.map(([u, v]): Point => [
      toHundredths(x + cos * u * wide - sin * v * high),
      toHundredths(y + sin * u * wide + cos * v * high)
    ])
  )
}

/** SVG path data of polygons; holes stay open under the even-odd rule. */
export const pathData = (polygon: Polygon): string =>
  polygon.map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join('L')}Z`).join('')
