import { either as E } from 'fp-ts'
import { backgroundColour, backgroundSvg } from './background.js'
import { layOut } from './layout.js'
import { objectColours, texturedPaint } from './paint.js'
import { pathData } from './geometry.js'
import { keyOf, permutation, randomStream } from './random-stream.js'
import { visibleParts } from './visible.js'
import type { Hsl } from './paint.js'
import type { Layout } from './layout.js'
import type { Polygon, Ring } from './geometry.js'
import type { RandomStream } from './random-stream.js'

/** An object of a scene, seen through what lies over it. */
export type SceneObject = {
  readonly classIndex: number
  readonly crowd: boolean
  readonly visible: readonly Ring[]
  readonly whole: Polygon
}

/** One image before it is drawn: its SVG and its objects. */
export type Scene = {
  readonly width: number
  readonly height: number
  readonly svg: string
  readonly objects: readonly SceneObject[]
  /** Key of the sensor noise that the renderer adds. */
  readonly noiseKey: number
}

/** What a scene depends on. `key` stands for seed and split; `index` counts the images from 0. */
export type SceneRequest = { readonly key: number; readonly index: number; readonly width: number; readonly height: number }

const [layoutStream, paintStream, noiseStream, countStream, crowdStream] = [1, 2, 3, 4, 5]
const retries = 24

/** Objects in image `index`: 4 to 10, each count once in every seven consecutive images, so seven on average. */
const instancesOf = (key: number, index: number): number =>
  4 + (permutation(keyOf(key, countStream, Math.floor(index / 7)), 7)[index % 7] ?? 3)

/** One of every ten consecutive images has a crowd region. */
const hasCrowd = (key: number, index: number): boolean =>
  permutation(keyOf(key, crowdStream, Math.floor(index / 10)), 10)[index % 10] === 0

/**
 * The scene (key, index): the same request gives the same scene, and no scene depends on another one. A layout that
 * does not hold all its objects, or whose outlines the clipping library cannot cut, is replaced by the next one of the
 * same image; Left after too many of those.
 */
export const composeScene = (request: SceneRequest): E.Either<Error, Scene> => {
  const { key, index, width, height } = request
  const instances = instancesOf(key, index)
  const withCrowd = hasCrowd(key, index)
  let failure = new Error('no layout held all the objects')
  for (let attempt = 0; attempt < retries; attempt += 1) {
    const layout = layOut(randomStream(keyOf(key, layoutStream, index, attempt)), { width, height, instances, withCrowd })
    if (layout.shapes.length < instances) continue
    const objects = objectsOf(layout, width, height)
    if (E.isLeft(objects)) {
      failure = objects.left
      continue
    }
    if (objects.right.some(({ visible }) => visible.length === 0)) continue
    const random = randomStream(keyOf(key, paintStream, index))
    return E.right({
      width,
      height,
      svg: sceneSvg(random, layout, width, height),
      objects: objects.right,
      noiseKey: keyOf(key, noiseStream, index)
    })
  }
  return E.left(failure)
}

const objectsOf = ({ crowd, shapes }: Layout, width: number, height: number): E.Either<Error, readonly SceneObject[]> => {
  const outlines = shapes.map(({ outline }) => outline)
  const layers = [
    ...(crowd === undefined ? [] : [{ classIndex: crowd.classIndex, crowd: true, whole: [crowd.region], above: outlines }]),
    ...shapes.map(({ classIndex, outline }, index) => ({
      classIndex,
      crowd: false,
      whole: outline,
      above: outlines.slice(index + 1)
    }))
  ]
  return E.traverseArray(({ above, ...object }: (typeof layers)[number]) =>
    E.Functor.map(visibleParts(object.whole, above, width, height), (visible): SceneObject => ({ ...object, visible }))
  )(layers)
}

const sceneSvg = (random: RandomStream, layout: Layout, width: number, height: number): string => {
  const ground = backgroundColour(random)
  const background = backgroundSvg(random, ground, width, height)
  const firstHue = random.range(0, 360)
  const drawn = (polygons: readonly Polygon[], radius: number, number: number): string => {
    // Hues a golden angle apart: neighbours in depth never share one.
    const colours = objectColours(random, ground, firstHue + 137.5 * number + random.range(-25, 25))
    const paint = texturedPaint(random, `p${number}`, radius, ...colours)
    const data = polygons.map(pathData).join('')
    return `<defs>${paint.definitions}</defs><path d="${data}" fill="${paint.fill}" fill-rule="evenodd"/>${shade(random, data, ground)}`
  }
  const crowd = layout.crowd === undefined ? '' : drawn(layout.crowd.members, 5, 0)
  const shapes = layout.shapes.map(({ outline, radius }, index) => drawn([outline], radius, index + 1)).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${background}${crowd}${shapes}</svg>`
}

/** A faint veil in black or white over an object, so that two of one colour do not melt together. */
const shade = (random: RandomStream, data: string, ground: Hsl): string => {
  const veil = ground.lightness < 50 ? 'black' : 'white'
  return `<path d="${data}" fill="${veil}" fill-rule="evenodd" opacity="${random.range(0, 0.18).toFixed(2)}"/>`
}
