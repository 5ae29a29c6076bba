import { foldIn, uniform } from '@tabula/tensor'
import type { Key } from '@tabula/tensor'
import { shapeClasses } from './shape.js'

/** An object of a scene: its label (1 …) and its box x1, y1, x2, y2 in pixels, corners exclusive. */
export interface SceneObject {
  readonly label: number
  readonly box: readonly [number, number, number, number]
}

/** A drawn image and what is in it. */
export interface Scene {
  readonly side: number
  /** `[side, side, 3]`, red, green and blue bytes. */
  readonly rgb: Uint8Array
  readonly objects: readonly SceneObject[]
}

/** Where a shape lies: its centre and radius in pixels, how far it is turned, and its colour. */
interface Placed {
  readonly label: number
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly angle: number
  readonly colour: readonly [number, number, number]
}

type Draw = () => number

/** Numbers from 0 to 1 in a fixed order. */
const drawsOf = (key: Key, count: number): Draw => {
  const { data } = uniform(key, [count])
  let next = 0
  return () => data[next++ % count] ?? 0
}

const between = (draw: Draw, low: number, high: number): number => low + (high - low) * draw()

/** The most objects that a scene can have. */
export const mostObjects = 3

const place = (draw: Draw, side: number): Placed => {
  const radius = between(draw, 0.11, 0.21) * side
  // Bright or dark, never the grey of the ground.
  const bright = draw() < 0.5
  const channel = (): number => (bright ? between(draw, 150, 255) : between(draw, 0, 70))
  return {
    label: 1 + Math.min(shapeClasses.length - 1, Math.floor(draw() * shapeClasses.length)),
    x: between(draw, radius, side - radius),
    y: between(draw, radius, side - radius),
    radius,
    angle: between(draw, -0.35, 0.35),
    colour: [channel(), channel(), channel()]
  }
}

/** Shapes that keep apart from one another, so that each is seen whole. */
const layOut = (draw: Draw, side: number): readonly Placed[] => {
  const wanted = 1 + Math.floor(draw() * mostObjects)
  const placed: Placed[] = []
  for (let attempt = 0; attempt < 24 && placed.length < wanted; attempt++) {
    const next = place(draw, side)
    if (placed.every((other) => Math.hypot(other.x - next.x, other.y - next.y) > 0.95 * (other.radius + next.radius))) placed.push(next)
  }
  return placed
}

/** Samples of a pixel, in each direction, that decide how much of it a shape covers. */
const samples = 3

/** Paints a shape over the pixels and answers the box of those it covers at least half. */
const paint = (pixels: Float32Array, side: number, { label, x, y, radius, angle, colour }: Placed): SceneObject => {
  const shape = shapeClasses[label - 1] ?? shapeClasses[0]
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  let [left, top, right, bottom] = [side, side, 0, 0]
  for (let row = Math.max(0, Math.floor(y - 1.3 * radius)); row < Math.min(side, y + 1.3 * radius); row++) {
    for (let column = Math.max(0, Math.floor(x - 1.3 * radius)); column < Math.min(side, x + 1.3 * radius); column++) {
      let covered = 0
      for (let k = 0; k < samples * samples; k++) {
        const dx = (column + ((k % samples) + 0.5) / samples - x) / radius
        const dy = (row + (Math.floor(k / samples) + 0.5) / samples - y) / radius
        if (shape.covers(cos * dx + sin * dy, cos * dy - sin * dx)) covered += 1 / (samples * samples)
      }
      if (covered === 0) continue
      for (let c = 0; c < 3; c++) {
        const at = (row * side + column) * 3 + c
        pixels[at] = (pixels[at] ?? 0) * (1 - covered) + (colour[c] ?? 0) * covered
      }
      if (covered < 0.5) continue
      left = Math.min(left, column)
      top = Math.min(top, row)
      right = Math.max(right, column + 1)
      bottom = Math.max(bottom, row + 1)
    }
  }
  return { label, box: [left, top, right, bottom] }
}

/** Draws the scene of a key: one to three shapes on a grey ground with a slope of light and grain. The same key gives the same scene. */
export const drawScene = (key: Key, side: number): Scene => {
  // More numbers than a row has pixels times anything, so that the grain shows no pattern.
  const draw = drawsOf(key, 8191)
  const [level, slopeX, slopeY] = [between(draw, 95, 130), between(draw, -25, 25), between(draw, -25, 25)]
  const pixels = new Float32Array(side * side * 3)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      pixels.fill(level + slopeX * (column / side - 0.5) + slopeY * (row / side - 0.5) + between(draw, -7, 7), (row * side + column) * 3, (row * side + column + 1) * 3)
    }
  }
  const objects = layOut(drawsOf(foldIn(key, 1), 509), side).map((placed) => paint(pixels, side, placed))
  return { side, rgb: Uint8Array.from(pixels, (x) => Math.round(Math.min(255, Math.max(0, x)))), objects }
}
