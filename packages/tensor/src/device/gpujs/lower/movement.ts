import { stridesOf } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import { broadcastStrides } from '../../reference/offsets.js'
import { coordinates, decode, kernelSource, offset } from '../source.js'
import { kernels, mostOperands, shapeAt } from './lowering.js'
import type { Lowered, Lowering } from './lowering.js'

/** Element `c` of the result is element `base + Σ c·stride` of the operand. */
const strided = (shape: Sizes, strides: readonly number[], base = 0): Lowered =>
  kernels(kernelSource(1, shape, `${decode(shape)} return a0[${offset(coordinates(shape), strides, base)}];`))

const transpose: Lowering<'transpose'> = ({ permutation }, inputs, outputs) => {
  const strides = stridesOf(shapeAt(inputs, 0))
  return strided(shapeAt(outputs, 0), permutation.map((axis) => strides[axis] ?? 0))
}

const broadcastTo: Lowering<'broadcastTo'> = ({ shape }, inputs) => strided(shape, broadcastStrides(shapeAt(inputs, 0), shape))

const slice: Lowering<'slice'> = ({ start, stride }, inputs, outputs) => {
  const strides = stridesOf(shapeAt(inputs, 0))
  const base = start.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0)
  return strided(shapeAt(outputs, 0), strides.map((s, axis) => s * (stride[axis] ?? 1)), base)
}

const reverse: Lowering<'reverse'> = ({ axes }, inputs) => {
  const shape = shapeAt(inputs, 0)
  const strides = stridesOf(shape)
  const reversed = new Set(axes)
  const base = axes.reduce((sum, axis) => sum + ((shape[axis] ?? 1) - 1) * (strides[axis] ?? 0), 0)
  return strided(shape, strides.map((s, axis) => (reversed.has(axis) ? -s : s)), base)
}

const pad: Lowering<'pad'> = ({ low, interior, value }, inputs, outputs) => {
  if (!Number.isFinite(value)) return { _tag: 'host', reason: 'infinities are no literals of the engine' }
  const shape = shapeAt(outputs, 0)
  const from = shapeAt(inputs, 0)
  const strides = stridesOf(from)
  const names = coordinates(shape)
  const places = from.map((size, axis) => {
    const step = 1 + (interior[axis] ?? 0)
    // Which element of the operand stands here, if any.
    return `const p${axis} = Math.floor((${names[axis] ?? '0'} - ${low[axis] ?? 0}) / ${step}); const u${axis} = ${names[axis] ?? '0'} - ${low[axis] ?? 0} - p${axis} * ${step}; if (p${axis} < 0 || p${axis} >= ${size} || u${axis} > 0.5) { return ${value}; }`
  })
  const source = offset(from.map((_, axis) => `p${axis}`), strides)
  return kernels(kernelSource(1, shape, `${decode(shape)} ${places.join(' ')} return a0[${source}];`))
}

const concatenate: Lowering<'concatenate'> = ({ axis }, inputs, outputs) => {
  if (inputs.length > mostOperands) return { _tag: 'host', reason: `a kernel takes at most ${mostOperands} arrays` }
  const shape = shapeAt(outputs, 0)
  const names = coordinates(shape)
  let start = 0
  const parts = inputs.map((input, k) => {
    const strides = stridesOf(input.shape)
    const read = `return a${k}[${offset(names, strides, -start * (strides[axis] ?? 0))}];`
    start += input.shape[axis] ?? 0
    return k === inputs.length - 1 ? read : `if (${names[axis] ?? '0'} < ${start}) { ${read} }`
  })
  return kernels(kernelSource(inputs.length, shape, `${decode(shape)} ${parts.join(' ')}`))
}

const upsampleNearest: Lowering<'upsampleNearest'> = ({ factor }, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const names = coordinates(shape)
  const [, channels = 1, height = 1, width = 1] = shapeAt(inputs, 0)
  const row = `(${names[0] ?? '0'} * ${channels} + ${names[1] ?? '0'}) * ${height} + Math.floor(${names[2] ?? '0'} / ${factor[0]})`
  return kernels(kernelSource(1, shape, `${decode(shape)} return a0[(${row}) * ${width} + Math.floor(${names[3] ?? '0'} / ${factor[1]})];`))
}

/** Lowerings of the primitives that move elements. */
export const movement = { transpose, broadcastTo, slice, pad, concatenate, reverse, upsampleNearest }
