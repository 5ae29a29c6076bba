import type { Found, Score, WatchedScene } from '../protocol.js'

type Box = Found['box']

const area = ([x1, y1, x2, y2]: Box): number => Math.max(0, x2 - x1) * Math.max(0, y2 - y1)

/** Intersection over union of two boxes. */
export const overlap = (a: Box, b: Box): number => {
  const shared = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])])
  return shared === 0 ? 0 : shared / (area(a) + area(b) - shared)
}

/** Counts the objects that have a detection of their class over at least half of their union; each detection counts once. */
export const scoreOf = (scenes: readonly WatchedScene[]): Score => {
  const ofScene = ({ scene, found }: WatchedScene): number => {
    const free = new Set(found)
    return scene.objects.filter(({ label, box }) => {
      const match = [...free].find((one) => one.label === label && overlap(one.box, box) >= 0.5)
      return match !== undefined && free.delete(match)
    }).length
  }
  return { found: scenes.reduce((sum, one) => sum + ofScene(one), 0), of: scenes.reduce((sum, { scene }) => sum + scene.objects.length, 0) }
}
