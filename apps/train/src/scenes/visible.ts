import polygonClipping from 'polygon-clipping'
import { either as E } from 'fp-ts'
import type { MultiPolygon, Polygon as ClipPolygon } from 'polygon-clipping'
import { boundsOf, polygonArea, toHundredths } from './geometry.js'
import type { Point, Polygon, Ring } from './geometry.js'

/** Parts under this many square pixels are slivers that occlusion leaves; nobody sees them, and they are dropped. */
const sliver = 2

const toClip = (polygon: Polygon): ClipPolygon => polygon.map((ring) => ring.map(([x, y]) => [x, y]))

const rectangle = (left: number, top: number, right: number, bottom: number): ClipPolygon => [
  [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom]
  ]
]

/**
 * What is seen of a shape: its part on the width × height canvas, minus everything drawn over it. Each part comes
 * without holes: COCO has none (it unites the polygons of an object), so a part with a hole is cut in two through the hole.
 * Left where the clipping library fails on degenerate input; the caller then draws another scene.
 */
export const visibleParts = (
  shape: Polygon,
  above: readonly Polygon[],
  width: number,
  height: number
): E.Either<Error, readonly Ring[]> =>
  E.tryCatch(() => {
    const onCanvas = polygonClipping.intersection(toClip(shape), rectangle(0, 0, width, height))
    const seen = above.length === 0 ? onCanvas : polygonClipping.difference(onCanvas, ...above.map(toClip))
    return seen
      .flatMap(withoutHoles)
      .map(tidy)
      .filter((ring) => ring.length >= 3 && polygonArea([ring]) >= sliver)
  }, E.toError)

const withoutHoles = (polygon: ClipPolygon): readonly Ring[] => {
  const [outline, ...holes] = polygon.map((ring) => ring.slice(0, -1))
  if (outline === undefined) return []
  // A hole of a sliver's size has no pixel centre worth a cut.
  const hole = holes.find((ring) => polygonArea([ring]) >= sliver)
  if (hole === undefined) return [outline]
  const [left, top, right, bottom] = boundsOf(outline)
  const [holeLeft, , holeRight] = boundsOf(hole)
  // A whole pixel border where one crosses the hole: there both halves end exactly between two columns of pixels.
  const cut = Math.round((holeLeft + holeRight) / 2)
  const seam = cut > holeLeft && cut < holeRight ? cut : (holeLeft + holeRight) / 2
  const half = (from: number, to: number): MultiPolygon =>
    polygonClipping.intersection(polygon, rectangle(from, top - 1, to, bottom + 1))
  return [...half(left - 1, seam), ...half(seam, right + 1)].flatMap(withoutHoles)
}

const tidy = (ring: Ring): Ring => {
  const rounded = ring.map(([x, y]): Point => [toHundredths(x), toHundredths(y)])
  return rounded.filter((point, index) => {
    const before = rounded[(index + rounded.length - 1) % rounded.length]
    return before === undefined || point[0] !== before[0] || point[1] !== before[1]
  })
}
