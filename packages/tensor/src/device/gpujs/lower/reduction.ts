import { sizeOf, stridesOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import { coordinates, decode, kernelSource, offset, summation } from '../source.js'
import { kernels, shapeAt } from './lowering.js'
import type { Lowering } from './lowering.js'

interface Reduction {
  readonly terms: number
  /** Statements that place element `r` of the reduced axes of result `i` at flat index `at`. */
  readonly locate: string
}

const reductionOver = (shape: Sizes, axes: readonly number[]): Reduction => {
  const reduced = new Set(axes)
  const strides = stridesOf(shape)
  const kept = shape.map((_, axis) => axis).filter((axis) => !reduced.has(axis))
  const sizes = (list: readonly number[]): Sizes => list.map((axis) => shape[axis] ?? 1)
  const steps = (list: readonly number[]): readonly number[] => list.map((axis) => strides[axis] ?? 0)
  const base = offset(coordinates(sizes(kept), 'k'), steps(kept))
  const inner = offset(coordinates(sizes(axes), 'e'), steps(axes))
  return {
    terms: sizeOf(sizes(axes)),
    locate: `${decode(sizes(kept), 'i', 'k')} ${decode(sizes(axes), 'r', 'e')} const at = ${base} + ${inner};`
  }
}

const reduceSum: Lowering<'reduceSum'> = ({ axes }, inputs, outputs) => {
  const { terms, locate } = reductionOver(shapeAt(inputs, 0), axes)
  return kernels(...summation(1, shapeAt(outputs, 0), terms, `${locate} s += a0[at];`))
}

/** Finds a NaN by two comparisons that both fail, which every backend gets right. */
const reduceMax: Lowering<'reduceMax'> = ({ axes }, inputs, outputs) => {
  const { terms, locate } = reductionOver(shapeAt(inputs, 0), axes)
  const body = `let m = 0; let bad = 0; for (let r = 0; r < ${terms}; r++) { ${locate} const v = a0[at]; if (v <= 0 || v > 0) { if (r === 0 || v > m) { m = v; } } else { bad = 1; m = v; } if (bad > 0.5) { break; } } return m;`
  return kernels(kernelSource(1, shapeAt(outputs, 0), body))
}

const windowSum: Lowering<'windowSum'> = ({ factor }, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const names = coordinates(shape)
  const [, channels = 1, height = 1, width = 1] = shapeAt(inputs, 0)
  const map = `(${names[0] ?? '0'} * ${channels} + ${names[1] ?? '0'}) * ${height}`
  const place = `const y = Math.floor(r / ${factor[1]}); const x = r - y * ${factor[1]};`
  const read = `s += a0[(${map} + ${names[2] ?? '0'} * ${factor[0]} + y) * ${width} + ${names[3] ?? '0'} * ${factor[1]} + x];`
  return kernels(...summation(1, shape, factor[0] * factor[1], `${decode(shape)} ${place} ${read}`))
}

/** Lowerings of the reductions. */
export const reduction = { reduceSum, reduceMax, windowSum }
