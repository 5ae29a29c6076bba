import { bind } from '../../../bind.js'
import type { Node, Tensor } from '../../../node.js'

const at = (shape: readonly number[], axis: number): number => shape[axis] ?? 1

/** A pad with elements between neighbours as pads of an axis of its own. */
export const interiorPadded = ({ attributes: { low, high, interior, value } }: Node<'pad'>, x: Tensor): Tensor => {
  const { shape } = x
  const none = shape.map(() => 0)
  const doubled = bind('reshape', { shape: shape.flatMap((size) => [size, 1]) }, x)
  const zeros = [...none, ...none]
  const spread = bind('pad', { low: zeros, high: interior.flatMap((n) => [0, n]), interior: zeros, value }, doubled)
  const whole = bind('reshape', { shape: shape.map((size, axis) => size * (1 + at(interior, axis))) }, spread)
  const limit = shape.map((size, axis) => (size - 1) * (1 + (interior[axis] ?? 0)) + 1)
  const cut = bind('slice', { start: none, limit, stride: shape.map(() => 1) }, whole)
  return bind('pad', { low, high, interior: none, value }, cut)
}
