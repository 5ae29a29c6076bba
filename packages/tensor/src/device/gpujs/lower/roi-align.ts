import type { RoiAlignAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { KernelSource } from '../engine/engine.js'
import type { Writer } from '../kernel/writer.js'
import { custom } from './custom.js'
import { mostRounds } from './limits.js'
import { geometry, geometryOf, gridOf, mapSizes } from './roi-geometry.js'
import type { Grid, Level } from './roi-geometry.js'

/** Samples of a bin along one axis that are inside a map of so many cells, at most. */
const samplesInside = (samplingRatio: number, cells: number): number => (samplingRatio > 0 ? samplingRatio : cells + 6)

/** A block of the samples of every bin. */
export interface SampleBlock {
  readonly row: number
  readonly rows: number
  readonly column: number
  readonly columns: number
}

/** The samples of a bin in blocks that one thread may visit; nearly always one. */
export const sampleBlocks = ({ shape }: Level, { samplingRatio }: RoiAlignAttributes): readonly SampleBlock[] => {
  const { height, width } = mapSizes(shape)
  const [allRows, allColumns] = [samplesInside(samplingRatio, height), samplesInside(samplingRatio, width)]
  const columns = Math.min(allColumns, mostRounds / 2)
  const rows = Math.max(1, Math.min(allRows, Math.floor(mostRounds / (columns + 1))))
  const blocks: SampleBlock[] = []
  for (let row = 0; row < allRows; row += rows) {
    for (let column = 0; column < allColumns; column += columns) blocks.push({ row, rows, column, columns })
  }
  return blocks
}

/** The samples of one bin along an axis: where they are, the first that a thread visits, and how many it does. */
interface Samples {
  readonly grid: Grid
  readonly first: string
  readonly count: string
}

/** The samples of bin `bin` along an axis; adaptive ones that are outside the map on the low side are passed over. */
const samplesOf = (w: Writer, value: (column: number) => string, axis: number, bin: string, bins: number, adaptive: boolean, from: number, most: number): Samples => {
  const samples = value(axis + 2)
  const grid = gridOf(w, [value(axis), value(axis + 1), samples], bin, bins)
  // One too early, so that rounding does not leave one out. Where a bin has no samples the quotient may be anything.
  const inside = adaptive ? w.constant(`${samples} > 0.5 ? Math.max(0, Math.floor((-1 - ${grid.start}) / ${grid.step} - 1.5)) : 0`) : '0'
  const first = w.constant(`${inside} + ${w.scalar(from)}`)
  const count = w.constant(`Math.min(${samples} - ${first}, ${w.scalar(most)})`)
  return { grid, first, count }
}

/** Opens a loop over samples that are inside a map, with the two cells next to each: `low`, `high`, and `part` of the high one. */
const openSamples = (w: Writer, { grid, first, count }: Samples, name: string, cells: string): { readonly low: string; readonly high: string; readonly part: string } => {
  w.line(`for (let ${name} = 0; ${name} < ${count}; ${name}++) {`)
  const position = w.constant(grid.position(`${first} + ${name}`))
  w.line(`if (${position} >= -1 && ${position} <= ${cells}) {`)
  const clipped = w.constant(`Math.max(${position}, 0)`)
  const low = w.constant(`Math.min(Math.floor(${clipped}), ${cells} - 1)`)
  const high = w.constant(`Math.min(${low} + 1, ${cells} - 1)`)
  return { low, high, part: w.constant(`${high} > ${low} ? ${clipped} - ${low} : 0`) }
}

/**
 * (geometry, features, previous) → [R, C, OH, OW]: the bins of the regions of one level, from one block of their samples, added to what
 * other blocks and levels have given. As the reference interpreter: bilinear, what has no weight is not read into the sum.
 */
export const alignRegions = (regions: number, { shape }: Level, { outputSize, samplingRatio }: RoiAlignAttributes, block: SampleBlock, previous: boolean): KernelSource => {
  const { images, channels, height, width } = mapSizes(shape)
  const result = [regions, channels, ...outputSize]
  return custom(result, [regions * geometry.size, sizeOf(shape), ...(previous ? [sizeOf(result)] : [])], (w, [region = '0', channel = '0', row = '0', column = '0'], read) => {
    const value = geometryOf(w, read, 0, region, regions)
    const own = value(geometry.image)
    const [high, wide] = [w.scalar(height), w.scalar(width)]
    w.line(`let s = 0; if (${own} >= 0) {`)
    const y = samplesOf(w, value, geometry.vertical, row, outputSize[0], samplingRatio <= 0, block.row, block.rows)
    const x = samplesOf(w, value, geometry.horizontal, column, outputSize[1], samplingRatio <= 0, block.column, block.columns)
    const plane = w.constant(`Math.min(${own}, ${w.scalar(images - 1)}) * ${w.scalar(channels)} + ${channel}`)
    const vertical = openSamples(w, y, 'ky', high)
    const [upper, lower] = [w.constant(`${vertical.low} * ${wide}`), w.constant(`${vertical.high} * ${wide}`)]
    const horizontal = openSamples(w, x, 'kx', wide)
    const corner = (line: string, cell: string, weight: string): string => {
      const share = w.constant(weight)
      const place = w.constant(`${line} + ${cell}`)
      const feature = w.constant(read(1, [plane, images * channels, height * width], [place, height * width, 1]))
      return w.constant(`${share} > 0 ? ${share} * ${feature} : 0`)
    }
    const [a, b, c, d] = [
      corner(upper, horizontal.low, `(1 - ${vertical.part}) * (1 - ${horizontal.part})`),
      corner(upper, horizontal.high, `(1 - ${vertical.part}) * ${horizontal.part}`),
      corner(lower, horizontal.low, `${vertical.part} * (1 - ${horizontal.part})`),
      corner(lower, horizontal.high, `${vertical.part} * ${horizontal.part}`)
    ]
    w.line(`s += (${a} + ${b}) + (${c} + ${d}); } } } }`)
    w.line(`s = s * ${value(geometry.vertical + 3)}; }`)
    if (!previous) return 's'
    const bins = outputSize[0] * outputSize[1]
    const before = w.constant(read(2, [region, regions, channels * bins], [channel, channels, bins], [row, outputSize[0], outputSize[1]], [column, outputSize[1], 1]))
    return `${before} + s`
  })
}
