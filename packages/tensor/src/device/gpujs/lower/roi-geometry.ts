import type { RoiAlignAttributes } from '../../../primitive.js'
import type { Sizes } from '../../../shape.js'
import type { KernelSource } from '../engine/engine.js'
import type { Writer } from '../kernel/writer.js'
import { custom, real } from './custom.js'
import type { Read } from './custom.js'

/** What is known of a region on one level, in this order along the last axis of `regionGeometry`. */
export const geometry = { image: 0, vertical: 1, horizontal: 5, top: 9, bottom: 10, left: 11, right: 12, size: 13 } as const

/** One level of a pyramid: its maps and how regions lie on them. */
export interface Level {
  readonly index: number
  readonly shape: Sizes
  readonly scale: number
}

/** Sizes of a level's maps. */
export const mapSizes = (shape: Sizes) => {
  const [images = 1, channels = 1, height = 1, width = 1] = shape
  return { images, channels, height, width }
}

/**
 * (boxes: [R, 4], image, level) → [R, 13]: the image of each region, −1 for those of other levels; along each axis the start, the extent,
 * the samples in a bin and a factor (the share of a sample vertically, 1 horizontally); the first and last cells that a sample may
 * reach. Sides are differences of corners, which single precision holds better than differences of edges.
 */
export const regionGeometry = (regions: number, { index, scale }: Level, { outputSize, samplingRatio, aligned }: RoiAlignAttributes): KernelSource =>
  custom([regions, geometry.size], [regions * 4, regions, regions], (w, [region = '0', column = '0'], read) => {
    const factor = w.scalar(scale)
    const corner = (k: number): string => w.constant(read(0, [region, regions, 4], [String(k), 4, 1]))
    const along = (low: string, high: string, bins: number): { readonly start: string; readonly extent: string; readonly samples: string; readonly first: string; readonly last: string } => {
      const start = w.constant(`${low} * ${factor} - ${aligned ? '0.5' : '0'}`)
      const side = w.constant(`(${high} - ${low}) * ${factor}`)
      // The original convention gives every region at least one cell.
      const extent = aligned ? side : w.constant(`Math.max(${side}, 1)`)
      const first = w.constant(`Math.floor(Math.min(${start}, ${start} + ${extent})) - 1`)
      const last = w.constant(`Math.ceil(Math.max(${start}, ${start} + ${extent})) + 1`)
      if (samplingRatio > 0) return { start, extent, samples: real(w, samplingRatio), first, last }
      // A quotient may be off by a unit in the last place, which would be one sample too many where a bin has a whole number of cells.
      const count = w.scalar(bins)
      const guess = w.constant(`Math.ceil(${extent} / ${count})`)
      const right = w.constant(`(${guess} - 1) * ${count} >= ${extent} ? ${guess} - 1 : (${guess} * ${count} < ${extent} ? ${guess} + 1 : ${guess})`)
      return { start, extent, samples: w.constant(`Math.max(${right}, 0)`), first, last }
    }
    const [x0, y0, x1, y1] = [corner(0), corner(1), corner(2), corner(3)]
    const y = along(y0, y1, outputSize[0])
    const x = along(x0, x1, outputSize[1])
    const share = w.constant(`1 / Math.max(${y.samples} * ${x.samples}, 1)`)
    const level = w.constant(read(2, [region, regions, 1]))
    const image = w.constant(`Math.abs(${level} - ${w.scalar(index)}) < 0.5 ? ${read(1, [region, regions, 1])} : ${real(w, -1)}`)
    const columns = [image, y.start, y.extent, y.samples, share, x.start, x.extent, x.samples, real(w, 1), y.first, y.last, x.first]
    return columns.reduceRight((rest, value, k) => `${column} < ${k + 0.5} ? ${value} : (${rest})`, x.last)
  })

/** How the samples of a bin lie along an axis: where the bin starts, how far apart they are, and the place of one by its number in the bin. */
export interface Grid {
  readonly start: string
  readonly step: string
  readonly position: (sample: string) => string
}

/**
 * The samples of bin `bin` of so many. A place is the region's start and a share of its extent, rounded once: a sample that lies on the
 * border a cell outside the map, which counts, is not moved beyond it by a rounded side of a bin.
 */
export const gridOf = (w: Writer, [origin, extent, samples]: readonly [origin: string, extent: string, samples: string], bin: string, bins: number): Grid => {
  const each = w.constant(`Math.max(${samples}, 1)`)
  const total = w.constant(`${each} * ${w.scalar(bins)}`)
  const before = w.constant(`${bin} * ${each}`)
  return {
    start: w.constant(`${origin} + ${extent} * (${before} / ${total})`),
    step: w.constant(`${extent} / ${total}`),
    position: (sample) => `${origin} + ${extent} * ((${before} + ${sample} + 0.5) / ${total})`
  }
}

/** Reads what `regionGeometry` has found of one region, column by column. */
export const geometryOf =
  (w: Writer, read: Read, seat: number, region: string, regions: number) =>
  (column: number): string =>
    w.constant(read(seat, [region, regions, geometry.size], [String(column), geometry.size, 1]))
