import type { Node, Tensor } from '../../../../node.js'
import { constantForm, digit, digitForm } from '../../kernel/forms.js'
import type { Form } from '../../kernel/forms.js'
import { side } from './contraction.js'
import type { Contraction } from './contraction.js'

/** (a: [..., M, K], b: [..., K, N]) → [..., M, N], the leading axes broadcast. */
export const matmulContraction = ({ outputs: [result] }: Node<'matmul'>, a: Tensor, b: Tensor): Contraction => {
  const shape = result?.shape ?? []
  const outer = shape.map((size) => digit(size))
  const axes = outer.map(digitForm)
  const inner = digit(a.shape.at(-1) ?? 1)
  const [row, column] = [axes.at(-2) ?? constantForm(0), axes.at(-1) ?? constantForm(0)]
  const batch = (x: Tensor): readonly Form[] => axes.slice(axes.length - x.shape.length, axes.length - 2)
  return {
    outer,
    inner: [inner],
    taps: [],
    left: side(a, [...batch(a), row, digitForm(inner)]),
    right: side(b, [...batch(b), digitForm(inner), column])
  }
}
