import { add, conv2d, convTranspose2d, matmul, mul, reshape, sum, transpose } from '@tabula/tensor'
import { batchOf } from './axes.js'
import type { Floats, Operations, Recorded } from './recorded.js'
import { sums } from './recorded.js'

const geometry = ({ args }: Recorded) => ({
  stride: args.pair('stride', 1),
  padding: args.pair('padding', 0),
  dilation: args.pair('dilation', 1),
  groups: args.number('groups', 1)
})

/** y plus a bias for each channel, where one is recorded. */
const withBias = ({ has, floats }: Recorded, y: Floats): Floats => {
  if (!has('b')) return y
  const bias = floats('b')
  return add(y, reshape([bias.shape[0] ?? 0, 1, 1])(bias))
}

/** Groups `conv` and `linear`. */
export const convolutions: Operations = {
  conv2d: sums((recorded) => withBias(recorded, batchOf(recorded.floats('x'), conv2d(recorded.floats('w'), geometry(recorded))))),
  conv_transpose2d: sums((recorded) =>
    withBias(
      recorded,
      batchOf(recorded.floats('x'), convTranspose2d(recorded.floats('w'), { ...geometry(recorded), outputPadding: recorded.args.pair('output_padding', 0) }))
    )
  ),
  linear: sums(({ has, floats }) => {
    const [x, w] = [floats('x'), floats('w')]
    if (w.shape.length === 1) return sum({ axes: [-1] })(mul(x, w))
    const rows: Floats = x.shape.length === 1 ? reshape([1, ...x.shape])(x) : x
    const product: Floats = matmul(rows, transpose([1, 0])(w))
    const y: Floats = x.shape.length === 1 ? reshape(product.shape.slice(1))(product) : product
    return has('b') ? add(y, floats('b')) : y
  }),
  /** A vector on the left is a row, on the right a column; the axis it gains is dropped again. */
  matmul: sums(({ floats }) => {
    const [a, b] = [floats('a'), floats('b')]
    const [rowVector, columnVector] = [a.shape.length === 1, b.shape.length === 1]
    const left: Floats = rowVector ? reshape([1, ...a.shape])(a) : a
    const right: Floats = columnVector ? reshape([...b.shape, 1])(b) : b
    const y: Floats = matmul(left, right)
    const rows = rowVector ? [] : y.shape.slice(-2, -1)
    const columns = columnVector ? [] : y.shape.slice(-1)
    return reshape([...y.shape.slice(0, -2), ...rows, ...columns])(y)
  })
}
