import { describe, expect, it } from 'vitest'
import { key } from '@tabula/tensor'
import { batchOf, drawScenes } from '../src/scenes/batch.js'
import { drawScene, mostObjects } from '../src/scenes/scene.js'
import { shapeClasses } from '../src/scenes/shape.js'

const side = 64

describe('drawn scenes', () => {
  const scenes = drawScenes(key(5), 60, side)

  it('are the same for the same key', () => {
    expect(drawScene(key(3), side)).toEqual(drawScene(key(3), side))
    expect(drawScene(key(3), side).rgb).not.toEqual(drawScene(key(4), side).rgb)
  })

  it('have one to three objects of every class, with boxes inside the image', () => {
    const labels = new Set(scenes.flatMap(({ objects }) => objects.map(({ label }) => label)))
    expect([...labels].sort()).toEqual(shapeClasses.map((_, k) => k + 1))
    scenes.forEach(({ objects }) => {
      expect(objects.length).toBeGreaterThanOrEqual(1)
      expect(objects.length).toBeLessThanOrEqual(mostObjects)
      objects.forEach(({ box: [x1, y1, x2, y2] }) => {
        expect(x1).toBeGreaterThanOrEqual(0)
        expect(y1).toBeGreaterThanOrEqual(0)
        expect(x2).toBeLessThanOrEqual(side)
        expect(y2).toBeLessThanOrEqual(side)
        expect(Math.min(x2 - x1, y2 - y1)).toBeGreaterThanOrEqual(8)
      })
    })
  })

  it('show an object where its box is: the middle differs from the ground around it', () => {
    const grey = (rgb: Uint8Array, at: number): number => [0, 1, 2].reduce((sum, c) => sum + Math.abs((rgb[3 * at + c] ?? 0) - 115), 0) / 3
    const differs = scenes.flatMap(({ rgb, objects }) => objects.map(({ box: [x1, y1, x2, y2] }) => grey(rgb, Math.floor((y1 + y2) / 2) * side + Math.floor((x1 + x2) / 2))))
    expect(Math.min(...differs)).toBeGreaterThan(30)
  })

  it('become planes of red, green and blue', () => {
    const [scene] = scenes
    const { images, items } = batchOf(scenes.slice(0, 2))
    expect(images).toHaveLength(2 * 3 * side * side)
    expect(images[side * side + 7]).toBe((scene?.rgb[3 * 7 + 1] ?? 0) - 115)
    expect(items[0]?.boxes).toEqual(Float32Array.from(scene?.objects.flatMap(({ box }) => box) ?? []))
  })
})
