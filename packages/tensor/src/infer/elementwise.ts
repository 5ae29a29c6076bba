import type { Dtype } from '../dtype.js'
import { DtypeError } from '../errors.js'
import type { Abstract } from '../node.js'
import { broadcastShapes } from '../shape.js'
import { operand, requireDtype } from './checks.js'

/** Shape rule of an elementwise primitive with one operand of an allowed type. */
export const unary =
  (operation: string, ...allowed: readonly Dtype[]) =>
  (_attributes: unknown, inputs: readonly Abstract[]): readonly Abstract[] => {
    const x = operand(operation, inputs, 0)
    requireDtype(operation, 'operand', x, ...allowed)
    return [{ shape: x.shape, dtype: x.dtype }]
  }

const pair = (operation: string, inputs: readonly Abstract[], first: number, allowed: readonly Dtype[]): Abstract => {
  const a = operand(operation, inputs, first)
  const b = operand(operation, inputs, first + 1)
  requireDtype(operation, 'first operand', a, ...allowed)
  if (a.dtype !== b.dtype) {
    throw new DtypeError({ operation, operand: 'second operand', expected: `${a.dtype}, as the first`, found: b.dtype })
  }
  return { shape: broadcastShapes(operation, a.shape, b.shape), dtype: a.dtype }
}

/** Shape rule of an elementwise primitive with two operands of one allowed type. */
export const binary =
  (operation: string, ...allowed: readonly Dtype[]) =>
  (_attributes: unknown, inputs: readonly Abstract[]): readonly Abstract[] => [pair(operation, inputs, 0, allowed)]

/** As `binary`, with a `bool` result. */
export const comparison =
  (operation: string, ...allowed: readonly Dtype[]) =>
  (_attributes: unknown, inputs: readonly Abstract[]): readonly Abstract[] => [
    { shape: pair(operation, inputs, 0, allowed).shape, dtype: 'bool' }
  ]

/** Shape rule of `select`. */
export const select = (_attributes: unknown, inputs: readonly Abstract[]): readonly Abstract[] => {
  const condition = operand('select', inputs, 0)
  requireDtype('select', 'condition', condition, 'bool')
  const { shape, dtype } = pair('select', inputs, 1, ['f32', 'i32', 'u32', 'bool'])
  return [{ shape: broadcastShapes('select', condition.shape, shape), dtype }]
}
