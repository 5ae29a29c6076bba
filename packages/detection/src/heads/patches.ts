import { add, cast, concatenate, constant, floats, floor, gather, integers, mul, oneHot, reshape, sub, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

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

/** The surroundings of drawn anchors. */
export interface AnchorPatches {
  /** `[N·S, 9·C]`: the 3 × 3 cells around each anchor's cell, row by row, zeros outside its map; channels run fastest. */
  readonly patches: Real
  /** `[N, S, A]`: one for each anchor's own place among its cell's, else zero. */
  readonly own: Real
}

/**
 * The 3 × 3 patches around the cells of drawn anchors, whose numbers `[N, S]` count through the maps `[N, C, H, W]` of all levels by row,
 * column and anchor; a cell has `anchors` of them.
 */
export const patchesAround = (levels: readonly Real[], index: Integers, anchors: number): AnchorPatches => {
  const [n = 0, s = 0] = index.shape
  const [, c = 0] = levels[0]?.shape ?? []
  const sizes = levels.map(({ shape: [, , h = 0, w = 0] }) => [h, w] as const)
  const cells = sizes.reduce((count, [h, w]) => count + h * w, 0)
  // Half an anchor more keeps the quotient away from the integers, where single precision could round it across.
  const cell: Integers = cast('i32')(floor(mul(add(cast('f32')(index), 0.5), 1 / anchors)))
  const own: Real = oneHot({ size: anchors })(sub(index, mul(cell, anchors)))
  const around: Integers = gather(cell, { axis: 0 })(constant(integers([cells, 9], neighbourTable(sizes))))
  const ofImage = constant(integers([n, 1, 1], Array.from({ length: n }, (_, image) => image * (cells + 1))))
  const outside = constant(floats([n, 1, c], new Float32Array(n * c)))
  const table = reshape([n * (cells + 1), c])(concatenate({ axis: 1 })<Shape, 'f32'>([...levels.map(rows), outside]))
  return { patches: reshape([n * s, 9 * c])(gather(reshape([n * s * 9])(add(around, ofImage)), { axis: 0 })(table)), own }
}
