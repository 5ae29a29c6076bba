import type { RoiAlignAttributes } from '../../primitive.js'
import { sizeOf } from '../../shape.js'
import type { Sizes } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { operandAt, outputAt, Refused, rounded } from './evaluation.js'

/** Two cells along one axis and the share of each; weights 0 outside the map. */
interface Sample {
  readonly low: number
  readonly high: number
  readonly lowWeight: number
  readonly highWeight: number
}

const outside: Sample = { low: 0, high: 0, lowWeight: 0, highWeight: 0 }

/** Linear interpolation at one coordinate as torchvision's `roi_align`: up to a cell outside counts as the border. */
const sampleAt = (position: number, size: number): Sample => {
  if (!(position >= -1 && position <= size)) return outside
  const clipped = Math.max(0, position)
  const low = Math.trunc(clipped)
  if (low >= size - 1) return { low: size - 1, high: size - 1, lowWeight: 1, highWeight: 0 }
  return { low, high: low + 1, lowWeight: low + 1 - clipped, highWeight: clipped - low }
}

/** The samples of every bin along one axis, `grid` for each of `bins`. */
const samplesAlong = (start: number, extent: number, bins: number, ratio: number, size: number): { readonly grid: number; readonly samples: readonly Sample[] } => {
  const bin = extent / bins
  const grid = Math.max(0, ratio > 0 ? ratio : Math.ceil(bin))
  const samples = Array.from({ length: bins * grid }, (_, k) => sampleAt(start + Math.floor(k / grid) * bin + (((k % grid) + 0.5) * bin) / grid, size))
  return { grid, samples }
}

interface Rois {
  readonly boxes: HostValue
  readonly image: HostValue
  readonly level: HostValue
}

/** `share` of the feature cell at `cell` of each channel's map belongs to bin `bin` of each channel of one RoI. */
type Contribution = (roi: number, level: number, image: number, cell: number, bin: number, share: number) => void

const forEachContribution = (
  primitive: string,
  { outputSize, samplingRatio, scales, aligned }: RoiAlignAttributes,
  { boxes, image, level }: Rois,
  featureShapes: readonly Sizes[],
  contribute: Contribution
): void => {
  const half = aligned ? 0.5 : 0
  for (let roi = 0; roi < image.data.length; roi++) {
    const l = level.data[roi] ?? 0
    const n = image.data[roi] ?? 0
    const shape = featureShapes[l]
    const scale = scales[l]
    if (shape === undefined || scale === undefined) throw new Refused(primitive, `RoI ${roi} asks for level ${l} of ${featureShapes.length}`)
    const [images = 0, , height = 0, width = 0] = shape
    if (n < 0 || n >= images) throw new Refused(primitive, `RoI ${roi} asks for image ${n} of ${images}`)
    const corners = boxes.data.subarray(roi * 4, roi * 4 + 4)
    if (!corners.every(Number.isFinite)) throw new Refused(primitive, `RoI ${roi} is (${corners.join(', ')}); its corners must be finite`)
    const edge = (k: number): number => (corners[k] ?? 0) * scale - half
    // The original convention gives every RoI at least one cell.
    const extent = (low: number, high: number): number => (aligned ? high - low : Math.max(high - low, 1))
    const y = samplesAlong(edge(1), extent(edge(1), edge(3)), outputSize[0], samplingRatio, height)
    const x = samplesAlong(edge(0), extent(edge(0), edge(2)), outputSize[1], samplingRatio, width)
    const share = 1 / Math.max(1, y.grid * x.grid)
    const add = (cellY: number, cellX: number, bin: number, weight: number): void => {
      if (weight !== 0) contribute(roi, l, n, cellY * width + cellX, bin, weight * share)
    }
    y.samples.forEach((sy, ky) => {
      x.samples.forEach((sx, kx) => {
        const bin = Math.floor(ky / y.grid) * outputSize[1] + Math.floor(kx / x.grid)
        add(sy.low, sx.low, bin, sy.lowWeight * sx.lowWeight)
        add(sy.low, sx.high, bin, sy.lowWeight * sx.highWeight)
        add(sy.high, sx.low, bin, sy.highWeight * sx.lowWeight)
        add(sy.high, sx.high, bin, sy.highWeight * sx.highWeight)
      })
    })
  }
}

export const roiAlign: Evaluation<'roiAlign'> = (attributes, inputs, outputs, context) => {
  const levels = attributes.scales.length
  const features = inputs.slice(0, levels)
  const { shape } = outputAt(outputs, 0)
  const [, channels = 0, rows = 0, columns = 0] = shape
  const bins = rows * columns
  const sums = new Float64Array(sizeOf(shape))
  const rois = { boxes: operandAt(inputs, levels), image: operandAt(inputs, levels + 1), level: operandAt(inputs, levels + 2) }
  forEachContribution('roiAlign', attributes, rois, features.map((feature) => feature.shape), (roi, level, image, cell, bin, share) => {
    const feature = operandAt(features, level)
    const mapSize = (feature.shape[2] ?? 0) * (feature.shape[3] ?? 0)
    let place = roi * channels * bins + bin
    let from = image * channels * mapSize + cell
    for (let c = 0; c < channels; c++, place += bins, from += mapSize) sums[place] = (sums[place] ?? 0) + share * (feature.data[from] ?? 0)
  })
  return [rounded(shape, sums, context)]
}

export const roiAlignGradient: Evaluation<'roiAlignGradient'> = (attributes, inputs, _outputs, context) => {
  const { featureShapes } = attributes
  const dy = operandAt(inputs, 0)
  const [, channels = 0, rows = 0, columns = 0] = dy.shape
  const bins = rows * columns
  const sums = featureShapes.map((shape) => new Float64Array(sizeOf(shape)))
  const rois = { boxes: operandAt(inputs, 1), image: operandAt(inputs, 2), level: operandAt(inputs, 3) }
  forEachContribution('roiAlignGradient', attributes, rois, featureShapes, (roi, level, image, cell, bin, share) => {
    const gradient = sums[level] ?? new Float64Array(0)
    const [, , height = 0, width = 0] = featureShapes[level] ?? []
    let from = roi * channels * bins + bin
    let place = image * channels * height * width + cell
    for (let c = 0; c < channels; c++, from += bins, place += height * width) gradient[place] = (gradient[place] ?? 0) + share * (dy.data[from] ?? 0)
  })
  return featureShapes.map((shape, level) => rounded(shape, sums[level] ?? new Float64Array(0), context))
}
