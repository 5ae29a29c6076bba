import type { RoiAlignAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { KernelSource } from '../engine/engine.js'
import type { Writer } from '../kernel/writer.js'
import { custom, real } from './custom.js'
import { mostRounds } from './limits.js'
import { geometry, geometryOf, gridOf, mapSizes } from './roi-geometry.js'
import type { Level } from './roi-geometry.js'

/** (geometry) → [R, bins, cells]: what each bin takes from each cell along one axis, its tents summed and times the axis' factor. */
export const regionTents = (regions: number, level: Level, { outputSize, samplingRatio }: RoiAlignAttributes, axis: 0 | 1): KernelSource => {
  const { height, width } = mapSizes(level.shape)
  const cells = axis === 0 ? height : width
  return custom([regions, outputSize[axis], cells], [regions * geometry.size], (w, [region = '0', bin = '0', cell = '0'], read) => {
    // The axis is an argument, so that both have one text.
    const first = w.constant(`${region} * ${w.scalar(geometry.size)} + ${w.scalar(axis === 0 ? geometry.vertical : geometry.horizontal)}`)
    const value = (column: number): string => w.constant(read(0, [first, regions * geometry.size, 1], [String(column), 4, 1]))
    const size = w.scalar(cells)
    const [origin, extent, samples, factor] = [value(0), value(1), value(2), value(3)]
    const { start, step, position: positionOf } = gridOf(w, [origin, extent, samples], bin, outputSize[axis])
    // Adaptive samples are more than half a cell apart: few reach a cell. A bin without samples has no step.
    const [early, count] =
      samplingRatio > 0
        ? ['0', samples]
        : [
            w.constant(`${samples} > 0.5 ? Math.max(0, Math.floor((${cell} - 1 - ${start}) / ${step} - 1.5)) : 0`),
            w.name('n')
          ]
    if (samplingRatio <= 0) w.line(`const ${count} = Math.min(${samples} - ${early}, 9);`)
    w.line(`let t = 0; for (let k = 0; k < ${count}; k++) {`)
    const position = w.constant(positionOf(`${early} + k`))
    w.line(`if (${position} >= -1 && ${position} <= ${size}) { t += Math.max(0, 1 - Math.abs(Math.min(Math.max(${position}, 0), ${size} - 1) - ${cell})); } }`)
    return `t * ${factor}`
  })
}

/** A map in square tiles of so many cells; regions are listed for each. */
export interface Tiles {
  readonly side: number
  readonly rows: number
  readonly columns: number
}

/** Entries of the lists of all tiles. */
const mostEntries = 2 ** 20

/** Tiles of eight cells, or larger where the lists would be too long. */
export const tilesOf = (regions: number, { shape }: Level): Tiles => {
  const { images, height, width } = mapSizes(shape)
  const of = (side: number): Tiles => ({ side, rows: Math.ceil(height / side), columns: Math.ceil(width / side) })
  let tiles = of(8)
  while (images * tiles.rows * tiles.columns * regions > mostEntries && tiles.rows * tiles.columns > 1) tiles = of(tiles.side * 2)
  return tiles
}

/** Regions that are counted at once. */
const chunk = 64

/** Text that is true where region `region` is one of an image and reaches a tile. */
const reaches = (w: Writer, value: (column: number) => string, image: string, top: string, left: string, side: string): string =>
  `Math.abs(${value(geometry.image)} - ${image}) < 0.5 && ${value(geometry.top)} < ${w.constant(`${top} + ${side}`)} && ${value(geometry.bottom)} >= ${top} && ${value(geometry.left)} < ${w.constant(`${left} + ${side}`)} && ${value(geometry.right)} >= ${left}`

/** (geometry) → [N, rows, columns, chunks]: how many of each 64 regions reach each tile. */
export const countRegions = (regions: number, { shape }: Level, { side, rows, columns }: Tiles): KernelSource => {
  const { images } = mapSizes(shape)
  return custom([images, rows, columns, Math.ceil(regions / chunk)], [regions * geometry.size], (w, [image = '0', row = '0', column = '0', part = '0'], read) => {
    const cells = w.scalar(side)
    const [top, left] = [w.constant(`${row} * ${cells}`), w.constant(`${column} * ${cells}`)]
    w.line(`let t = 0; for (let k = 0; k < ${chunk}; k++) {`)
    const region = w.constant(`${part} * ${chunk} + k`)
    w.line(`if (${region} < ${w.scalar(regions)}) {`)
    w.line(`if (${reaches(w, geometryOf(w, read, 0, region, regions), image, top, left, cells)}) { t += 1; } } }`)
    return 't'
  })
}

/** (geometry, counts) → [N, rows, columns, R]: for each tile the regions that reach it in order, then −1. */
export const listRegions = (regions: number, { shape }: Level, { side, rows, columns }: Tiles): KernelSource => {
  const { images } = mapSizes(shape)
  const chunks = Math.ceil(regions / chunk)
  const tiles = images * rows * columns
  return custom([images, rows, columns, regions], [regions * geometry.size, tiles * chunks], (w, [image = '0', row = '0', column = '0', place = '0'], read) => {
    const cells = w.scalar(side)
    const [top, left] = [w.constant(`${row} * ${cells}`), w.constant(`${column} * ${cells}`)]
    const tile = w.constant(`(${image} * ${w.scalar(rows)} + ${row}) * ${w.scalar(columns)} + ${column}`)
    w.line(`let before = 0; let part = -1; for (let q = 0; q < ${w.scalar(chunks)}; q++) { if (part < 0) {`)
    const count = w.constant(read(1, [tile, tiles, chunks], ['q', chunks, 1]))
    w.line(`if (before + ${count} > ${place}) { part = q; } else { before += ${count}; } } }`)
    w.line(`let found = -1; if (part >= 0) { for (let k = 0; k < ${chunk}; k++) {`)
    const region = w.constant(`part * ${chunk} + k`)
    w.line(`if (found < 0 && ${region} < ${w.scalar(regions)}) {`)
    w.line(`if (${reaches(w, geometryOf(w, read, 0, region, regions), image, top, left, cells)}) { if (before >= ${place}) { found = ${region}; } before += 1; } } } }`)
    return 'found'
  })
}

/** The regions of a tile in stretches that one thread may visit; nearly always one. */
export const listStretches = (regions: number, { outputSize }: RoiAlignAttributes): readonly (readonly [from: number, count: number])[] => {
  const most = Math.max(1, Math.floor(mostRounds / (1 + outputSize[0] * (1 + outputSize[1]))))
  return Array.from({ length: Math.ceil(regions / most) }, (_, k) => [k * most, Math.min(most, regions - k * most)])
}

/**
 * (dy, lists, geometry, vertical tents, horizontal tents, previous) → [N, C, H, W]: each cell collects from the bins of the regions on
 * its tile's list, in order, the tents' products times the bins' cotangents.
 */
export const collectRegions = (
  regions: number,
  { shape }: Level,
  { outputSize: [rows, columns] }: RoiAlignAttributes,
  tiles: Tiles,
  [from, count]: readonly [number, number],
  previous: boolean
): KernelSource => {
  const { images, channels, height, width } = mapSizes(shape)
  const bins = rows * columns
  const listed = images * tiles.rows * tiles.columns
  const seats = [regions * channels * bins, listed * regions, regions * geometry.size, regions * rows * height, regions * columns * width, ...(previous ? [sizeOf(shape)] : [])]
  return custom([images, channels, height, width], seats, (w, [image = '0', channel = '0', y = '0', x = '0'], read) => {
    const side = w.scalar(tiles.side)
    const tile = w.constant(
      `(${image} * ${w.scalar(tiles.rows)} + Math.floor((${y} + 0.5) / ${side})) * ${w.scalar(tiles.columns)} + Math.floor((${x} + 0.5) / ${side})`
    )
    w.line(`let s = 0; for (let j = 0; j < ${w.scalar(count)}; j++) {`)
    const region = w.constant(read(1, [tile, listed, regions], [w.constant(`${w.scalar(from)} + j`), regions, 1]))
    w.line(`if (${region} < 0) { break; }`)
    const value = geometryOf(w, read, 2, region, regions)
    // Bins with samples within a cell of this one; all of them where bins are as good as points, or run backward.
    const near = (axis: number, cell: string, all: number): readonly [first: string, count: string] => {
      const size = real(w, all)
      const [start, bin] = [value(axis), w.constant(`${value(axis + 1)} / ${size}`)]
      const first = w.constant(`${bin} > 0.01 ? Math.max(0, Math.floor((${cell} - 1 - ${start}) / ${bin} - 1)) : 0`)
      const end = w.constant(`${bin} > 0.01 ? Math.min(${size}, Math.floor((${cell} + 1 - ${start}) / ${bin}) + 1) : ${size}`)
      return [first, w.constant(`${end} - ${first}`)]
    }
    const [firstRow, countRows] = near(geometry.vertical, y, rows)
    const [firstColumn, countColumns] = near(geometry.horizontal, x, columns)
    w.line(`for (let ky = 0; ky < ${countRows}; ky++) {`)
    const row = w.constant(`${firstRow} + ky`)
    const vertical = w.constant(read(3, [region, regions, rows * height], [row, rows, height], [y, height, 1]))
    w.line(`if (${vertical} > 0) { let t = 0; for (let kx = 0; kx < ${countColumns}; kx++) {`)
    const column = w.constant(`${firstColumn} + kx`)
    const horizontal = w.constant(read(4, [region, regions, columns * width], [column, columns, width], [x, width, 1]))
    w.line(`if (${horizontal} > 0) {`)
    const cotangent = w.constant(read(0, [region, regions, channels * bins], [channel, channels, bins], [row, rows, columns], [column, columns, 1]))
    w.line(`t += ${horizontal} * ${cotangent}; } } s += ${vertical} * t; } } }`)
    if (!previous) return 's'
    const before = w.constant(read(5, [image, images, channels * height * width], [channel, channels, height * width], [y, height, width], [x, width, 1]))
    return `${before} + s`
  })
}
