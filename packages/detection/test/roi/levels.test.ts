import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { either as E } from 'fp-ts'
import { compile, floats, showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
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

  test('is exact at every threshold in single precision, and finest for a box without area', async () => {
    const opened = await cpuDevice({ threads: 1 })()
    if (E.isLeft(opened)) throw new Error(JSON.stringify(opened.left))
    const [sides, expected] = [[0, 14, 56, 111, 112, 223, 224, 447, 448, 896, 100_000], [2, 2, 2, 2, 3, 3, 4, 4, 5, 5, 5]]
    for (const { pooling, offset } of [torchvision, detectron2, detectron]) {
      const boxes = floats([sides.length, 4], sides.flatMap((side) => [3, 5, 3 + side - offset, 5 + side - offset]))
      const program = await compile(opened.right)((x) => levelOfBoxes(x, { ...pooling, ...levels, offset }), boxes)()
      if (E.isLeft(program)) throw new Error(showError(program.left))
      const found = await program.right.run(boxes)()
      if (E.isLeft(found)) throw new Error(showError(found.left))
      expect(Array.from(found.right.data, (level) => Number(level) + 2)).toEqual(expected)
    }
  })

  test('is the only one where there is one', () => {
    expect(numbersOf(levelOfBoxes(doubles([2, 4], [0, 0, 3, 3, 0, 0, 3000, 3000]), { ...torchvision.pooling, finestLevel: 4, levels: 1 }))).toEqual([0, 0])
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
