import { exp, floats, log1p, mul, neg, sigmoid } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { customVjp } from '@tabula/autodiff'
import { checkGradients, showMismatch } from '@tabula/autodiff/testing'
import { either as E } from 'fp-ts'

type Real = Tensor<Shape, 'f32'>

/** log(1 + e^x), with a derivative of its own: that of the sigmoid, but for its sign. */
const softplus = customVjp((x: Real): Real => log1p(exp(x)), {
  name: 'softplus',
  vjp: ([x], _y, cotangent) => [mul(cotangent, sigmoid(neg(x)))]
})

const checked = checkGradients(({ x }) => softplus(x), { at: { x: floats([2, 3], [0.5, -1, 2, 0, 1, -3]) }, orders: 2 })

export const report = E.isLeft(checked) && checked.left._tag === 'GradientMismatch' ? showMismatch(checked.left, { name: '({ x }) => softplus(x)' }) : ''
