import type { Point, Polygon, Ring } from './geometry.js'

/** One class of the embedded data set: its name and its outline, about one unit from the origin to its farthest point. */
export type ShapeClass = { readonly name: string; readonly outline: Polygon }

const arc = (count: number, radius: number, from = 0, to = 2 * Math.PI, closed = true, x = 0): Ring =>
  Array.from({ length: count }, (_, index): Point => {
    const angle = from + ((to - from) * index) / (closed ? count : count - 1)
    return [x + radius * Math.cos(angle), radius * Math.sin(angle)]
  })

const star = (tips: number, outer: number, inner: number): Ring =>
  Array.from({ length: 2 * tips }, (_, index): Point => {
    const angle = (Math.PI * index) / tips - Math.PI / 2
    const radius = index % 2 === 0 ? outer : inner
    return [radius * Math.cos(angle), radius * Math.sin(angle)]
  })

/** The moon: what a second disc, moved to the right, leaves of a disc. The two arcs meet at the horns. */
const crescent = (): Ring => {
  const [bite, offset] = [0.84, 0.56]
  const hornX = (1 - bite * bite + offset * offset) / (2 * offset)
  const hornY = Math.sqrt(1 - hornX * hornX)
  const outer = Math.atan2(hornY, hornX)
  const inner = Math.atan2(hornY, hornX - offset)
  const back = arc(24, 1, outer, 2 * Math.PI - outer, false)
  const front = arc(16, bite, 2 * Math.PI - inner, inner, false, offset).slice(1, -1)
  return [...back, ...front].map(([x, y]): Point => [x + 0.3, y])
}

const cross = (half: number): Ring => [
  [-half, -1],
  [half, -1],
  [half, -half],
  [1, -half],
  [1, half],
  [half, half],
  [half, 1],
  [-half, 1],
  [-half, half],
  [-1, half],
  [-1, -half],
  [-half, -half]
]

const arrow: Ring = [
  [-1, -0.27],
  [0.05, -0.27],
  [0.05, -0.8],
  [1.05, 0],
  [0.05, 0.8],
  [0.05, 0.27],
  [-1, 0.27]
]

const square: Ring = [
  [-0.8, -0.8],
  [0.8, -0.8],
  [0.8, 0.8],
  [-0.8, 0.8]
]

const triangle: Ring = [
  [1.1, 0],
  [-0.55, 0.95],
  [-0.55, -0.95]
]

/** The classes, in the order of their category ids 1..8. Silhouettes differ; colours and textures say nothing about the class. */
export const shapeClasses: readonly [ShapeClass, ...ShapeClass[]] = [
  { name: 'circle', outline: [arc(32, 0.95)] },
  { name: 'square', outline: [square] },
  { name: 'triangle', outline: [triangle] },
  { name: 'star', outline: [star(5, 1.12, 0.47)] },
  { name: 'cross', outline: [cross(0.31)] },
  { name: 'ring', outline: [arc(32, 1), arc(24, 0.52)] },
  { name: 'crescent', outline: [crescent()] },
  { name: 'arrow', outline: [arrow] }
]
