import { pixelsInside } from './raster.js'
import { place, polygonArea, toHundredths } from './geometry.js'
import { shapeClasses } from './shapes.js'
import type { Point, Polygon, Ring } from './geometry.js'
import type { RandomStream } from './random-stream.js'

/** An object laid out on the canvas; later ones in a list lie over earlier ones. */
export type PlacedShape = { readonly classIndex: number; readonly outline: Polygon; readonly radius: number }

/** A cluster of tiny shapes of one class that is annotated as one crowd region. It lies under all objects. */
export type Crowd = { readonly classIndex: number; readonly region: Ring; readonly members: readonly Polygon[] }

export type Layout = { readonly crowd: Crowd | undefined; readonly shapes: readonly PlacedShape[] }

export type LayoutRequest = {
  readonly width: number
  readonly height: number
  readonly instances: number
  readonly withCrowd: boolean
}

/** Fewest visible pixels of an object. */
const fewestPixels = 24
/** Visible part of its shape that an object keeps; a few may keep less. */
const usualVisible = 0.7
const rareVisible = 0.45
/** How often a chance overlap is accepted rather than another place tried. */
const acceptsOverlap = 0.04
const attempts = 60

type Held = { readonly shape: PlacedShape; readonly x: number; readonly y: number; readonly needs: number; seen: number }

/**
 * Lays out the objects of one scene, or fewer of them where the canvas is too full: larger ones first (roughly), about
 * some of them beside another one on purpose, each kept visible enough for a person to name it.
 */
export const layOut = (random: RandomStream, request: LayoutRequest): Layout => {
  const { width, height } = request
  const crowd = request.withCrowd ? layOutCrowd(random, request) : undefined
  const owners = new Int16Array(width * height).fill(-1)
  const crowdPixels = new Set(crowd === undefined ? [] : pixelsInside([crowd.region], width, height))
  let crowdSeen = crowdPixels.size
  const held: Held[] = []

  const tryOne = (radius: number): boolean => {
    const classIndex = random.integer(0, shapeClasses.length - 1)
    const near = held.length > 0 && random.chance(0.1) ? held[random.integer(0, held.length - 1)] : undefined
    const [x, y] = near === undefined ? freeSpot(random, radius, width, height) : spotBeside(random, near, radius)
    if (x < 0 || y < 0 || x > width || y > height) return false
    const shape = shapeAt(random, classIndex, x, y, radius)
    const pixels = pixelsInside(shape.outline, width, height)
    const needs = Math.max(fewestPixels, polygonArea(shape.outline) * (random.chance(0.1) ? rareVisible : usualVisible))
    if (pixels.length < needs) return false
    const hidden = new Map<number, number>()
    let crowdHidden = 0
    for (const pixel of pixels) {
      const owner = owners[pixel] ?? -1
      if (owner >= 0) hidden.set(owner, (hidden.get(owner) ?? 0) + 1)
      else if (crowdPixels.has(pixel)) crowdHidden += 1
    }
    // Most objects that are not beside another one on purpose look for a free place first.
    if (near === undefined && (hidden.size > 0 || crowdHidden > 0) && !random.chance(acceptsOverlap)) return false
    const fits = [...hidden].every(([owner, count]) => {
      const below = held[owner]
      return below !== undefined && below.seen - count >= below.needs
    })
    if (!fits || crowdSeen - crowdHidden < 0.65 * crowdPixels.size) return false
    for (const [owner, count] of hidden) {
      const below = held[owner]
      if (below !== undefined) below.seen -= count
    }
    crowdSeen -= crowdHidden
    for (const pixel of pixels) owners[pixel] = held.length
    held.push({ shape, x, y, needs, seen: pixels.length })
    return true
  }

  for (const radius of radii(random, request)) {
    for (let attempt = 0; attempt < attempts && !tryOne(radius); attempt += 1);
  }
  return { crowd, shapes: held.map(({ shape }) => shape) }
}

/**
 * Radii in pixels, about from large to small. One object in three is small whatever the canvas (16–30 px across); the
 * others measure 32–60 px across on a canvas of 128 px, and in proportion on a larger one.
 */
const radii = (random: RandomStream, { width, height, instances }: LayoutRequest): readonly number[] => {
  const zoom = Math.min(width, height) / 128
  return Array.from({ length: instances }, () => {
    const radius = random.chance(0.35) ? random.range(8, 15) : random.range(16, 30) * zoom
    return { radius, order: radius * random.range(0.5, 1.5) }
  })
    .sort((a, b) => b.order - a.order)
    .map(({ radius }) => radius)
}

const shapeAt = (random: RandomStream, classIndex: number, x: number, y: number, radius: number): PlacedShape => {
  const { outline } = shapeClasses[classIndex] ?? shapeClasses[0]
  const stretch = Math.exp(random.range(-0.22, 0.22))
  const angle = random.range(0, 2 * Math.PI)
  return { classIndex, radius, outline: place(outline, { x, y, radius, angle, stretch }) }
}

const freeSpot = (random: RandomStream, radius: number, width: number, height: number): Point => {
  // Most objects lie wholly on the canvas, some reach over its border.
  const margin = Math.min(radius * (random.chance(0.25) ? 0.35 : 0.95), width / 2, height / 2)
  return [random.range(margin, width - margin), random.range(margin, height - margin)]
}

const spotBeside = (random: RandomStream, other: Held, radius: number): Point => {
  const angle = random.range(0, 2 * Math.PI)
  const distance = random.range(0.5, 0.9) * (other.shape.radius + radius)
  return [other.x + distance * Math.cos(angle), other.y + distance * Math.sin(angle)]
}

const layOutCrowd = (random: RandomStream, { width, height }: LayoutRequest): Crowd => {
  const classIndex = random.integer(0, shapeClasses.length - 1)
  const radius = random.range(18, 26)
  const [x, y] = freeSpot(random, radius, width, height)
  const angle = random.range(0, 2 * Math.PI)
  const stretch = Math.exp(random.range(-0.5, 0.5))
  const disc = Array.from({ length: 28 }, (_, index): Point => {
    const turn = (2 * Math.PI * index) / 28
    const wobble = 1 + 0.07 * Math.sin(3 * turn + angle)
    return [wobble * Math.cos(turn), wobble * Math.sin(turn)]
  })
  const seats = seatsIn(random, radius)
  const { outline } = shapeClasses[classIndex] ?? shapeClasses[0]
  const [wide, high] = [Math.sqrt(stretch), 1 / Math.sqrt(stretch)]
  return {
    classIndex,
    region: place([disc], { x, y, radius, angle, stretch })[0] ?? [],
    members: seats.map(([u, v]) =>
      place(outline, {
        x: toHundredths(x + Math.cos(angle) * u * wide - Math.sin(angle) * v * high),
        y: toHundredths(y + Math.sin(angle) * u * wide + Math.cos(angle) * v * high),
        radius: random.range(3, 4.2),
        angle: random.range(0, 2 * Math.PI),
        stretch: 1
      })
    )
  }
}

/** Seats for the members of a crowd inside a disc, six pixels or more apart. */
const seatsIn = (random: RandomStream, radius: number): readonly Point[] => {
  const seats: Point[] = []
  for (let attempt = 0; attempt < 220; attempt += 1) {
    const distance = (radius - 4.5) * Math.sqrt(random.uniform())
    const turn = random.range(0, 2 * Math.PI)
    const seat: Point = [distance * Math.cos(turn), distance * Math.sin(turn)]
    if (seats.every(([u, v]) => Math.hypot(u - seat[0], v - seat[1]) >= 6.2)) seats.push(seat)
  }
  return seats
}
