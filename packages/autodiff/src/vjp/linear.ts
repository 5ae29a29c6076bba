import { bind, bindAll, hostValue, sizeOf } from '@tabula/tensor'
import type { ConvolutionAttributes, PoolAttributes, Tensor } from '@tabula/tensor'
import { at, fixed, number, reshape, select, transposeLast, unbroadcast } from '../expression.js'
import type { PullBack } from './rule.js'

const matmul = (a: Tensor, b: Tensor): Tensor => bind('matmul', {}, a, b)

/** x with all axes but the last merged. */
const rows = (x: Tensor): Tensor => {
  const last = x.shape.at(-1) ?? 1
  return reshape(x, [sizeOf(x.shape.slice(0, -1)), last])
}

/**
 * c·bᵀ and aᵀ·c, each one product. Weights without batch axes get theirs from one product over all rows, which forms no
 * per-batch terms.
 */
export const matmulRule: PullBack<'matmul'> = ({ inputs, cotangents: [c], wanted }) => {
  if (c === undefined) return []
  const [a, b] = [at(inputs, 0), at(inputs, 1)]
  const merged = b.shape.length === 2 && a.shape.length > 2
  return [
    wanted[0] === true ? unbroadcast(matmul(c, transposeLast(b)), a.shape) : undefined,
    wanted[1] === true
      ? merged
        ? matmul(transposeLast(rows(a)), rows(c))
        : unbroadcast(matmul(transposeLast(a), c), b.shape)
      : undefined
  ]
}

const geometry = ({ stride, padding, dilation, groups }: ConvolutionAttributes): ConvolutionAttributes => ({
  stride,
  padding,
  dilation,
  groups
})

const side = (x: Tensor): readonly [number, number] => [at(x.shape, 2), at(x.shape, 3)]

const inputGradient = (attributes: ConvolutionAttributes, dy: Tensor, w: Tensor, inputSize: readonly [number, number]): Tensor =>
  bind('conv2dInputGradient', { ...geometry(attributes), inputSize }, dy, w)

const weightGradient = (attributes: ConvolutionAttributes, x: Tensor, dy: Tensor, kernel: readonly [number, number]): Tensor =>
  bind('conv2dWeightGradient', { ...geometry(attributes), kernel }, x, dy)

const convolve = (attributes: ConvolutionAttributes, x: Tensor, w: Tensor): Tensor => bind('conv2d', geometry(attributes), x, w)

/*
 * Convolution is a form in three tensors that is linear in each: ⟨dy, conv2d(x, w)⟩ = ⟨x, inputGradient(dy, w)⟩
 * = ⟨w, weightGradient(x, dy)⟩. The derivatives of the three primitives are therefore the three primitives.
 */

export const conv2dRule: PullBack<'conv2d'> = ({ attributes, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const [x, w] = [at(inputs, 0), at(inputs, 1)]
  return [inputGradient(attributes, c, w, side(x)), weightGradient(attributes, x, c, side(w))]
}

export const conv2dInputGradientRule: PullBack<'conv2dInputGradient'> = ({ attributes, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const [dy, w] = [at(inputs, 0), at(inputs, 1)]
  return [convolve(attributes, c, w), weightGradient(attributes, c, dy, side(w))]
}

export const conv2dWeightGradientRule: PullBack<'conv2dWeightGradient'> = ({ attributes, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const [x, dy] = [at(inputs, 0), at(inputs, 1)]
  return [inputGradient(attributes, dy, c, side(x)), convolve(attributes, x, c)]
}

const window = ({ kernel, stride, padding, dilation }: PoolAttributes): PoolAttributes => ({ kernel, stride, padding, dilation })

/** To the first maximum of each window. */
export const maxPool2dRule: PullBack<'maxPool2d'> = ({ attributes, inputs, cotangents: [c] }) =>
  c === undefined ? [] : [bind('maxPool2dGradient', window(attributes), at(inputs, 0), c)]

/** Along one side, which windows hold an element: those that lie in the padding alone have no maximum. */
const occupied = (attributes: PoolAttributes, axis: 0 | 1, size: number, windows: number): readonly boolean[] => {
  const [kernel, stride, dilation] = [attributes.kernel[axis], attributes.stride[axis], attributes.dilation[axis]]
  return Array.from({ length: windows }, (_, window) => {
    const first = window * stride - attributes.padding[axis][0]
    return Array.from({ length: kernel }, (_, tap) => first + tap * dilation).some((place) => place >= 0 && place < size)
  })
}

/** x: [N, C, H, W] read at each window's maximum, whose flat index y·W + x is given; zero where a window has none. */
export const atMaxima = (attributes: PoolAttributes, x: Tensor, indices: Tensor): Tensor => {
  const flat = (t: Tensor): Tensor => reshape(t, [at(t.shape, 0), at(t.shape, 1), at(t.shape, 2) * at(t.shape, 3)])
  const read = reshape(bind('gather', { axis: 2, batchDims: 2 }, flat(x), fixed(flat(indices))), indices.shape)
  const rows = occupied(attributes, 0, at(x.shape, 2), at(indices.shape, 2))
  const columns = occupied(attributes, 1, at(x.shape, 3), at(indices.shape, 3))
  if (![...rows, ...columns].includes(false)) return read
  const holds = Uint8Array.from(rows.flatMap((row) => columns.map((column) => (row && column ? 1 : 0))))
  return select(bind('constant', { value: hostValue('bool', [rows.length, columns.length], holds) }), read, number(0))
}

/** Linear in dy, whose cotangent is read at each window's maximum; constant in x almost everywhere. */
export const maxPool2dGradientRule: PullBack<'maxPool2dGradient'> = ({ attributes, inputs, cotangents: [c] }) => {
  if (c === undefined) return []
  const x = at(inputs, 0)
  return [undefined, atMaxima(attributes, c, at(bindAll('maxPool2d', window(attributes), x), 1))]
}

export const upsampleNearestRule: PullBack<'upsampleNearest'> = ({ attributes, cotangents: [c] }) =>
  c === undefined ? [] : [bind('windowSum', attributes, c)]

export const windowSumRule: PullBack<'windowSum'> = ({ attributes, cotangents: [c] }) =>
  c === undefined ? [] : [bind('upsampleNearest', attributes, c)]
