import { bind } from '../../../../bind.js'
import type { Node, Tensor } from '../../../../node.js'
import type { ConvolutionAttributes } from '../../../../primitive.js'
import { combined, digit, digitForm } from '../../kernel/forms.js'
import type { Digit, Form } from '../../kernel/forms.js'
import { side } from './contraction.js'
import type { Contraction } from './contraction.js'

const at = (shape: readonly number[], axis: number): number => shape[axis] ?? 1

const sum = (...parts: readonly (readonly [Digit, number])[]): Form => combined(parts.map(([coordinate, factor]) => [digitForm(coordinate), factor]))

/** x within a margin of zeros, so that no window leaves it. */
const padded = (x: Tensor, [[top, bottom], [left, right]]: ConvolutionAttributes['padding']): Tensor =>
  top + bottom + left + right === 0 ? x : bind('pad', { low: [0, 0, top, left], high: [0, 0, bottom, right], interior: [0, 0, 0, 0], value: 0 }, x)

/** dY with its rows as far apart as the windows they belong to, and a margin of a kernel. */
const spreadOutputs = (dy: Tensor, w: readonly number[], x: readonly number[], { stride, padding, dilation }: ConvolutionAttributes): Tensor => {
  const axes = [0, 1] as const
  const low = axes.map((axis) => dilation[axis] * (at(w, 2 + axis) - 1) - padding[axis][0])
  const high = axes.map((axis) => at(x, 2 + axis) - 1 + padding[axis][0] - (at(dy.shape, 2 + axis) - 1) * stride[axis])
  const positive = (values: readonly number[]): readonly number[] => [0, 0, ...values.map((n) => Math.max(0, n))]
  const margins = { low: positive(low), high: positive(high), interior: [0, 0, stride[0] - 1, stride[1] - 1] }
  const wide = Object.values(margins).every((amounts) => amounts.every((n) => n === 0)) ? dy : bind('pad', { ...margins, value: 0 }, dy)
  const start = [0, 0, ...low.map((n) => Math.max(0, -n))]
  const limit = wide.shape.map((size, axis) => size - (axis < 2 ? 0 : Math.max(0, -(high[axis - 2] ?? 0))))
  const whole = start.every((n) => n === 0) && limit.every((n, axis) => n === wide.shape[axis])
  return whole ? wide : bind('slice', { start, limit, stride: [1, 1, 1, 1] }, wide)
}

/** (x: [N, C, H, W], w: [O, C/groups, KH, KW]) → [N, O, OH, OW]. */
export const conv2dContraction = ({ outputs: [y], attributes: { groups, stride, dilation, padding } }: Node<'conv2d'>, x: Tensor, w: Tensor): Contraction => {
  const shape = y?.shape ?? []
  const [n, g, o, oy, ox] = [digit(at(shape, 0)), digit(groups), digit(at(shape, 1) / groups), digit(at(shape, 2)), digit(at(shape, 3))]
  const [c, ky, kx] = [digit(at(w.shape, 1)), digit(at(w.shape, 2)), digit(at(w.shape, 3))]
  return {
    outer: [n, g, o, oy, ox],
    inner: [c, ky, kx],
    taps: [ky, kx],
    left: side(padded(x, padding), [digitForm(n), sum([g, c.size], [c, 1]), sum([oy, stride[0]], [ky, dilation[0]]), sum([ox, stride[1]], [kx, dilation[1]])]),
    right: side(w, [sum([g, o.size], [o, 1]), digitForm(c), digitForm(ky), digitForm(kx)])
  }
}

/** (x, dy: [N, O, OH, OW]) → dw: each weight sums the products of dY with the elements that it met. */
export const weightGradientContraction = ({ outputs: [dw], attributes: { groups, stride, dilation, padding } }: Node<'conv2dWeightGradient'>, x: Tensor, dy: Tensor): Contraction => {
  const shape = dw?.shape ?? []
  const [g, o, c, ky, kx] = [digit(groups), digit(at(shape, 0) / groups), digit(at(shape, 1)), digit(at(shape, 2)), digit(at(shape, 3))]
  const [n, oy, ox] = [digit(at(dy.shape, 0)), digit(at(dy.shape, 2)), digit(at(dy.shape, 3))]
  return {
    outer: [g, o, c, ky, kx],
    inner: [n, oy, ox],
    taps: [],
    left: side(padded(x, padding), [digitForm(n), sum([g, c.size], [c, 1]), sum([oy, stride[0]], [ky, dilation[0]]), sum([ox, stride[1]], [kx, dilation[1]])]),
    right: side(dy, [digitForm(n), sum([g, o.size], [o, 1]), digitForm(oy), digitForm(ox)])
  }
}

/** (dy, w) → dx: the convolution of the derivative, spread by the stride and padded, with the weights read backwards. */
export const inputGradientContraction = ({ outputs: [dx], attributes }: Node<'conv2dInputGradient'>, dy: Tensor, w: Tensor): Contraction => {
  const shape = dx?.shape ?? []
  const { groups, dilation } = attributes
  const [n, g, c, iy, ix] = [digit(at(shape, 0)), digit(groups), digit(at(shape, 1) / groups), digit(at(shape, 2)), digit(at(shape, 3))]
  const [o, ky, kx] = [digit(at(w.shape, 0) / groups), digit(at(w.shape, 2)), digit(at(w.shape, 3))]
  const backwards = (tap: Digit): Form => combined([[digitForm(tap), -1]], tap.size - 1)
  return {
    outer: [n, g, c, iy, ix],
    inner: [o, ky, kx],
    taps: [ky, kx],
    left: side(spreadOutputs(dy, w.shape, shape, attributes), [digitForm(n), sum([g, o.size], [o, 1]), sum([iy, 1], [ky, dilation[0]]), sum([ix, 1], [kx, dilation[1]])]),
    right: side(w, [sum([g, o.size], [o, 1]), digitForm(c), backwards(ky), backwards(kx)])
  }
}
