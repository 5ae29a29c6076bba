import type { ConvolutionAttributes } from '../../../primitive.js'
import { stridesOf } from '../../../shape.js'
import { broadcastStrides } from '../../reference/offsets.js'
import { coordinates, decode, kernelSource, offset, summation } from '../source.js'
import { kernels, shapeAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Products of a row and a column, four at a time. */
const matmul: Lowering<'matmul'> = (_attributes, inputs, outputs) => {
  const [a, b, shape] = [shapeAt(inputs, 0), shapeAt(inputs, 1), shapeAt(outputs, 0)]
  const [inner, columns] = [a.at(-1) ?? 1, b.at(-1) ?? 1]
  const batch = shape.slice(0, -2)
  const names = coordinates(shape)
  const start = (operand: readonly number[]): string => {
    const own = operand.slice(0, -2)
    const matrix = (operand.at(-2) ?? 1) * (operand.at(-1) ?? 1)
    return offset(names.slice(0, -2), broadcastStrides(own, batch).map((stride) => stride * matrix))
  }
  const product = (k: string): string => `a0[p + ${k}] * a1[q + (${k}) * ${columns}]`
  const whole = Math.floor(inner / 4)
  const rest = Array.from({ length: inner - whole * 4 }, (_, j) => `s += ${product(String(whole * 4 + j))};`).join(' ')
  const quads = `for (let k = 0; k < ${whole}; k++) { const j = k * 4; s += ${[0, 1, 2, 3].map((j) => product(`j + ${j}`)).join(' + ')}; }`
  const body = `${decode(shape)} const p = ${start(a)} + ${names.at(-2) ?? '0'} * ${inner}; const q = ${start(b)} + ${names.at(-1) ?? '0'}; let s = 0; ${whole > 0 ? quads : ''} ${rest} return s;`
  return kernels(kernelSource(2, shape, body))
}

interface Geometry {
  readonly channels: number
  readonly depth: number
  readonly filtersPerGroup: number
  readonly kernel: readonly [number, number]
  readonly input: readonly [number, number]
  readonly output: readonly [number, number]
}

const geometryOf = (x: readonly number[], w: readonly number[], y: readonly number[], { groups }: ConvolutionAttributes): Geometry => ({
  channels: x[1] ?? 1,
  depth: w[1] ?? 1,
  filtersPerGroup: (w[0] ?? 1) / groups,
  kernel: [w[2] ?? 1, w[3] ?? 1],
  input: [x[2] ?? 1, x[3] ?? 1],
  output: [y[2] ?? 1, y[3] ?? 1]
})

/** The nested loop over a window, row first; `body` runs with `ky` and `kx`. */
const overWindow = ([height, width]: readonly [number, number], row: string, body: string): string =>
  `for (let ky = 0; ky < ${height}; ky++) { ${row} for (let kx = 0; kx < ${width}; kx++) { ${body} } } }`

const conv2d: Lowering<'conv2d'> = (attributes, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const { stride, padding, dilation } = attributes
  const { channels, depth, filtersPerGroup, kernel, input } = geometryOf(shapeAt(inputs, 0), shapeAt(inputs, 1), shape, attributes)
  const [n = '0', o = '0', oy = '0', ox = '0'] = coordinates(shape)
  const row = `const iy = ${oy} * ${stride[0]} + ky * ${dilation[0]} - ${padding[0][0]}; if (iy >= 0 && iy < ${input[0]}) {`
  const tap = `const ix = ${ox} * ${stride[1]} + kx * ${dilation[1]} - ${padding[1][0]}; if (ix >= 0 && ix < ${input[1]}) { s += a0[(m + iy) * ${input[1]} + ix] * a1[(v + ky) * ${kernel[1]} + kx]; }`
  const channel = `const m = (${n} * ${channels} + f + c) * ${input[0]}; const v = (${o} * ${depth} + c) * ${kernel[0]};`
  const body = `${decode(shape)} const f = Math.floor(${o} / ${filtersPerGroup}) * ${depth}; let s = 0; for (let c = 0; c < ${depth}; c++) { ${channel} ${overWindow(kernel, row, tap)} } return s;`
  return kernels(kernelSource(2, shape, body))
}

/** Each input cell collects the outputs whose windows it lies in. */
const conv2dInputGradient: Lowering<'conv2dInputGradient'> = (attributes, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const [dy, w] = [shapeAt(inputs, 0), shapeAt(inputs, 1)]
  const { stride, padding, dilation } = attributes
  const { depth, filtersPerGroup, kernel, output } = geometryOf(shape, w, dy, attributes)
  const [n = '0', channel = '0', iy = '0', ix = '0'] = coordinates(shape)
  const along = (axis: 0 | 1, index: string, tap: string): string =>
    `const t${axis} = ${index} + ${padding[axis][0]} - ${tap} * ${dilation[axis]}; const o${axis} = Math.floor(t${axis} / ${stride[axis]}); if (t${axis} >= 0 && o${axis} < ${output[axis]} && t${axis} - o${axis} * ${stride[axis]} < 0.5) {`
  const tap = `${along(1, ix, 'kx')} s += a0[(m + o0) * ${output[1]} + o1] * a1[(v + ky) * ${kernel[1]} + kx]; }`
  const filter = `const o = g * ${filtersPerGroup} + e; const m = (${n} * ${w[0] ?? 1} + o) * ${output[0]}; const v = (o * ${depth} + c) * ${kernel[0]};`
  const body = `${decode(shape)} const g = Math.floor(${channel} / ${depth}); const c = ${channel} - g * ${depth}; let s = 0; for (let e = 0; e < ${filtersPerGroup}; e++) { ${filter} ${overWindow(kernel, along(0, iy, 'ky'), tap)} } return s;`
  return kernels(kernelSource(2, shape, body))
}

/** Each weight sums over all images and output cells, through partial sums where there are many. */
const conv2dWeightGradient: Lowering<'conv2dWeightGradient'> = (attributes, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const [x, dy] = [shapeAt(inputs, 0), shapeAt(inputs, 1)]
  const { stride, padding, dilation } = attributes
  const { channels, depth, filtersPerGroup, input, output } = geometryOf(x, shape, dy, attributes)
  const [o = '0', c = '0', ky = '0', kx = '0'] = coordinates(shape)
  const cells = [x[0] ?? 1, ...output]
  const [n = '0', oy = '0', ox = '0'] = coordinates(cells, 'e')
  const [, dyChannel = 0, dyRow = 0] = stridesOf(dy)
  const term = `${decode(shape)} ${decode(cells, 'r', 'e')} const iy = ${oy} * ${stride[0]} + ${ky} * ${dilation[0]} - ${padding[0][0]}; const ix = ${ox} * ${stride[1]} + ${kx} * ${dilation[1]} - ${padding[1][0]}; if (iy >= 0 && iy < ${input[0]} && ix >= 0 && ix < ${input[1]}) { const m = ${n} * ${channels} + Math.floor(${o} / ${filtersPerGroup}) * ${depth} + ${c}; s += a0[(m * ${input[0]} + iy) * ${input[1]} + ix] * a1[(${n} * ${dy[1] ?? 1} + ${o}) * ${dyChannel} + ${oy} * ${dyRow} + ${ox}]; }`
  return kernels(...summation(2, shape, (x[0] ?? 1) * output[0] * output[1], term))
}

/** Lowerings of the linear maps. */
export const linear = { matmul, conv2d, conv2dInputGradient, conv2dWeightGradient }
