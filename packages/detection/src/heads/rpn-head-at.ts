import { add, assume, cast, concatenate, constant, expandDims, floats, floor, gather, integers, matmul, mul, oneHot, relu, reshape, sub, sum, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { leafAt } from '../module.js'
import type { Trees } from '../module.js'
import type { LevelPrediction } from '../proposals/proposals.js'

type Real = Tensor<Shape, 'f32'>
type Integers = Tensor<Shape, 'i32'>

/** The nine cells around each cell of all levels, level after level: rows of a table whose last row stands for what is outside. */
const neighbourTable = (sizes: readonly (readonly [number, number])[]): Int32Array => {
  const cells = sizes.reduce((count, [h, w]) => count + h * w, 0)
  const table = new Int32Array(cells * 9).fill(cells)
  let start = 0
  let next = 0
  for (const [h, w] of sizes) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++, next++) {
            if (y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w) table[next] = start + (y + dy) * w + x + dx
          }
        }
      }
    }
    start += h * w
  }
  return table
}

/** `[N, C, H, W]` → `[N, H·W, C]` */
const rows = (x: Real): Real => {
  const [n = 0, c = 0, h = 0, w = 0] = x.shape
  return reshape([n, h * w, c])(transpose([0, 2, 3, 1])(x))
}

/**
 * The region proposal network's predictions of the drawn anchors alone: logits `[N, S]` and deltas `[N, S, 4]` of the anchors `index`
 * `[N, S]`, which count through all levels by row, column and anchor. Equal to those that `rpnHead` computes everywhere, but the head is
 * applied to the 3 × 3 patches around the drawn anchors, so its derivative costs in proportion to them: the loss sees 256 anchors of an
 * image of 268,569 at 800 × 1333. `params` are the head's own.
 */
export const rpnHeadAt =
  (anchors: number) =>
  (params: Trees, levels: readonly Real[], index: Integers): LevelPrediction => {
    const [n = 0, s = 0] = index.shape
    const [, c = 0] = levels[0]?.shape ?? []
    const sizes = levels.map(({ shape: [, , h = 0, w = 0] }) => [h, w] as const)
    const cells = sizes.reduce((count, [h, w]) => count + h * w, 0)
    const weight = (...path: readonly string[]): Real => leafAt('rpnHeadAt', params, path)

    // Half an anchor more keeps the quotient away from the integers, where single precision could round it across.
    const cell: Integers = cast('i32')(floor(mul(add(cast('f32')(index), 0.5), 1 / anchors)))
    const own = oneHot({ size: anchors })(sub(index, mul(cell, anchors)))
    const around: Integers = gather(cell, { axis: 0 })(constant(integers([cells, 9], neighbourTable(sizes))))
    const ofImage = constant(integers([n, 1, 1], Array.from({ length: n }, (_, image) => image * (cells + 1))))
    const outside = constant(floats([n, 1, c], new Float32Array(n * c)))
    const table = reshape([n * (cells + 1), c])(concatenate({ axis: 1 })<Shape, 'f32'>([...levels.map(rows), outside]))
    const patches = reshape([n * s, 9 * c])(gather(reshape([n * s * 9])(add(around, ofImage)), { axis: 0 })(table))

    const outputs = weight('conv', '0', '0', 'weight').shape[0] ?? 0
    const filter = reshape([9 * c, outputs])(transpose([2, 3, 1, 0])(weight('conv', '0', '0', 'weight')))
    const hidden: Real = assume(relu(add(matmul<Shape, Shape>(patches, filter), weight('conv', '0', '0', 'bias'))))
    const linear = (name: string): Real => {
      const filters = weight(name, 'weight')
      return add(matmul<Shape, Shape>(hidden, transpose([1, 0])(reshape([filters.shape[0] ?? 0, outputs])(filters))), weight(name, 'bias'))
    }
    const chosen = (x: Real, numbers: number): Real => sum({ axes: [2] })(mul(reshape([n, s, anchors, numbers])(x), expandDims({ axis: 3 })(own)) as Real)
    return { logits: reshape([n, s])(chosen(linear('cls_logits'), 1)), deltas: chosen(linear('bbox_pred'), 4) }
  }
