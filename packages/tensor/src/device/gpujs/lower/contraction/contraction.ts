import type { Tensor } from '../../../../node.js'
import { constantForm } from '../../kernel/forms.js'
import type { Digit, Form } from '../../kernel/forms.js'

/** An operand of a contraction and the element that is read, one form for each of its axes. */
export interface Side {
  readonly operand: Tensor
  readonly axes: readonly Form[]
}

/** `Σ left · right` along the coordinates `inner`, for all values of `outer`, which are the result's axes in order. */
export interface Contraction {
  readonly outer: readonly Digit[]
  readonly inner: readonly Digit[]
  /** Of `inner`, the coordinates within a window, which are few: a kernel may name each of their values. */
  readonly taps: readonly Digit[]
  readonly left: Side
  readonly right: Side
}

/** A side whose axes of size 1 are read at 0, as broadcasting asks for. */
export const side = (operand: Tensor, axes: readonly Form[]): Side => ({
  operand,
  axes: axes.map((form, axis) => (operand.shape[axis] === 1 && form.base === 0 ? constantForm(0) : form))
})
