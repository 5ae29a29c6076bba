import { describe, expect, test } from 'vitest'
import { anchorsFor, cellAnchors, detectron, detectron2, exactCellAnchors, inclusiveCellAnchors, torchvision } from '../../src/index.js'

const rows = (numbers: ArrayLike<number>): readonly (readonly number[])[] => Array.from({ length: numbers.length / 4 }, (_, k) => Array.from(numbers).slice(4 * k, 4 * k + 4))

describe('anchors of a cell', () => {
  test("Detectron's: the nine of Faster R-CNN's code, of 128², 256² and 512² at stride 16", () => {
    expect(rows(inclusiveCellAnchors(16, [128, 256, 512], [0.5, 1, 2]))).toEqual([
      [-84, -40, 99, 55],
      [-176, -88, 191, 103],
      [-360, -184, 375, 199],
      [-56, -56, 71, 71],
      [-120, -120, 135, 135],
      [-248, -248, 263, 263],
      [-36, -80, 51, 95],
      [-80, -168, 95, 183],
      [-168, -344, 183, 359]
    ])
  })

  test("torchvision's: corners rounded, halves to even", () => {
    // 32² at height / width ½: 45.25 × 22.63; corners at ±22.63 and ±11.31. At 5²: ±2.5, which is even 2.
    expect(rows(cellAnchors([32, 5], [0.5, 1]))).toEqual([
      [-23, -11, 23, 11],
      [-4, -2, 4, 2],
      [-16, -16, 16, 16],
      [-2, -2, 2, 2]
    ])
  })

  test("detectron2's: exact areas, by size and ratio", () => {
    const cell = rows(exactCellAnchors([32, 64], [0.25, 1, 4]))
    expect(cell).toEqual([
      [-32, -8, 32, 8],
      [-16, -16, 16, 16],
      [-8, -32, 8, 32],
      [-64, -16, 64, 16],
      [-32, -32, 32, 32],
      [-16, -64, 16, 64]
    ])
    rows(exactCellAnchors([30], [0.3, 1.7])).forEach(([x1 = 0, y1 = 0, x2 = 0, y2 = 0]) => expect((x2 - x1) * (y2 - y1)).toBeCloseTo(900, 9))
  })
})

describe('anchors of maps', () => {
  const sizes = [[32], [64], [128], [256], [512]] as const
  const maps = [[200, 336], [100, 168], [50, 84], [25, 42], [13, 21]] as const
  const strides = [4, 8, 16, 32, 64]
  const lastCell = (of: typeof torchvision | typeof detectron | typeof detectron2, level: number): readonly number[] =>
    Array.from(anchorsFor({ ...of.anchors, sizes }, maps, [800, 1344], strides).perLevel[level]?.slice(-8, -4) ?? [])

  test('torchvision divides the image by the map, so that the coarsest map is finer than its stride', () => {
    // The square anchor of the last cell: 61 = 800 // 13 pixels a row, 64 a column.
    expect(lastCell(torchvision, 4)).toEqual([20 * 64 - 256, 12 * 61 - 256, 20 * 64 + 256, 12 * 61 + 256])
    expect(lastCell(detectron2, 4)).toEqual([20 * 64 - 256, 12 * 64 - 256, 20 * 64 + 256, 12 * 64 + 256])
  })

  test("Detectron's lie around the centre pixels of cells", () => {
    // At stride 64 a square of 512 has 256 pixels on either side of 31½.
    expect(lastCell(detectron, 4)).toEqual([20 * 64 - 224, 12 * 64 - 224, 20 * 64 + 287, 12 * 64 + 287])
  })

  test('there are three for each cell', () => {
    const { count, perCell } = anchorsFor({ ...detectron.anchors, sizes }, maps, [800, 1344], strides)
    expect(count).toBe(3 * maps.reduce((sum, [h, w]) => sum + h * w, 0))
    expect(perCell).toEqual([3, 3, 3, 3, 3])
  })
})
