import { shapeClasses } from '../scenes/shape.js'
import type { Found, WatchedScene } from '../protocol.js'
import { drawFound } from './draw-found.js'

const names = shapeClasses.map(({ name }) => name)

/** Pixels of the canvas for each of a scene. */
const zoom = 6

/** Detections of a lower score are not shown. */
const leastScore = 0.3

const drawnScene = ({ scene, found }: WatchedScene): HTMLCanvasElement => {
  const { side, rgb, objects } = scene
  const canvas = document.createElement('canvas')
  canvas.width = side * zoom
  canvas.height = side * zoom
  const context = canvas.getContext('2d')
  if (context === null) return canvas
  const image = new ImageData(side, side)
  for (let k = 0; k < side * side; k++) image.data.set([rgb[3 * k] ?? 0, rgb[3 * k + 1] ?? 0, rgb[3 * k + 2] ?? 0, 255], 4 * k)
  const small = document.createElement('canvas')
  small.width = side
  small.height = side
  small.getContext('2d')?.putImageData(image, 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, side * zoom, side * zoom)
  const truth = (): void => objects.forEach(({ box: [x1, y1, x2, y2] }) => context.strokeRect(x1 * zoom, y1 * zoom, (x2 - x1) * zoom, (y2 - y1) * zoom))
  // White dashes between black ones show on any ground.
  context.lineWidth = 3
  context.strokeStyle = '#000000'
  truth()
  context.strokeStyle = '#ffffff'
  context.setLineDash([8, 8])
  truth()
  context.setLineDash([])
  const shown = found.filter(({ score }) => score >= leastScore)
  drawFound(context, shown, names, zoom, 4.4)
  canvas.setAttribute('role', 'img')
  canvas.setAttribute('aria-label', sentence(objects.map(({ label }) => names[label - 1] ?? ''), shown))
  return canvas
}

const sentence = (there: readonly string[], found: readonly Found[]): string =>
  `A scene with ${there.join(', ')}; detected: ${found.length === 0 ? 'nothing' : found.map(({ label, score }) => `${names[label - 1] ?? ''} ${Math.round(100 * score)}%`).join(', ')}.`

/** Shows the watched scenes with what there is and what was found. */
export const showScenes = (into: HTMLElement, scenes: readonly WatchedScene[]): void => into.replaceChildren(...scenes.map(drawnScene))
