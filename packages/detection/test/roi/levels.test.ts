import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { detectron, detectron2, levelOfBoxes, torchvision } from '../../src/index.js'
import { doubles, numbersOf } from '../support/evaluate.js'

const levels = { finestLevel: 2, levels: 4 }
/** The levels, from 2 on, of squares of these sides. */
const levelsOf = ({ pooling, offset }: typeof torchvision | typeof detectron | typeof detectron2, sides: readonly number[]): readonly number[] =>
  numbersOf(levelOfBoxes(doubles([sides.length, 4], sides.flatMap((side) => [0, 0, side, side])), { ...pooling, ...levels, offset })).map((level) => level + 2)

describe('the level of a region', () => {
  test('is 4 at 224 pixels and one finer for half the size, in all systems', () => {
    for (const of of [torchvision, detectron2]) expect(levelsOf(of, [30, 56, 112, 223, 224, 448, 4000])).toEqual([2, 2, 3, 3, 4, 5, 5])
  })

  test('counts both end pixels in Detectron', () => {
    expect(levelsOf(detectron, [222, 223, 447])).toEqual([3, 4, 5])
    expect(levelsOf(torchvision, [222, 223, 447])).toEqual([3, 3, 4])
  })

  test('just under a threshold depends on where the small number is added', () => {
    // √area / 224 = 1 − 5·10⁻⁷: 10⁻⁶ inside or outside the logarithm carries it over, 10⁻⁸ does not.
    const nearly = 224 * (1 - 5e-7)
    expect([levelsOf(torchvision, [nearly]), levelsOf(detectron2, [nearly]), levelsOf(detectron, [nearly - 1])]).toEqual([[4], [3], [4]])
    // ½·(1 − 1.5·10⁻⁶): inside the logarithm 10⁻⁶ counts twice as much as at 1.
    const half = 112 * (1 - 1.5e-6)
    expect([levelsOf(torchvision, [half]), levelsOf(detectron, [half - 1])]).toEqual([[2], [3]])
  })

  test.prop([fc.array(fc.double({ min: 0, max: 2000, noNaN: true }), { minLength: 1, maxLength: 20 })])('never leaves the levels there are, nor falls with size', (sides) => {
    const sorted = [...sides].sort((a, b) => a - b)
    const found = levelsOf(torchvision, sorted)
    expect(found.every((level, k) => level >= 2 && level <= 5 && level >= (found[k - 1] ?? 2))).toBe(true)
  })
})
