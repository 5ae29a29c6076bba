import { abs, add, clamp, div, equal, erf, exp, expm1, greater, greaterEqual, less, log1p, max, maximum, mul, neg, relu, select, sigmoid, stopGradient, sub, sum, log, tanh } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

type Real<S extends Shape> = Tensor<S, 'f32'>

/** The elementwise functions here keep the shape: every operand besides x has rank 0. */
const like = <S extends Shape>(_x: Real<S>, y: Tensor<Shape, 'f32'>): Real<S> => y as Real<S>

/** log(1 + e^x), without overflow (NumPy's `logaddexp(0, x)`). */
export const logOnePlusExp = <S extends Shape>(x: Real<S>): Real<S> => {
  const wide: Tensor<Shape, 'f32'> = x
  // max(x, 0) in the form whose derivative at 0 is 1/2, as the function's own.
  return like(x, add(maximum(wide, 0), log1p(exp(neg(abs(wide))))))
}

/** log(1 + e^x), and x itself above 20. PyTorch's `softplus` (β = 1, threshold 20) to rounding. */
export const softplus = <S extends Shape>(x: Real<S>): Real<S> =>
  like(x, select(greater<Tensor<Shape, 'f32'>, number>(x, 20), x, logOnePlusExp(x)))

/** log(sigmoid(x)), without underflow. */
export const logSigmoid = <S extends Shape>(x: Real<S>): Real<S> => neg(logOnePlusExp(neg(x)))

/** x·Φ(x), exactly (PyTorch's `gelu`), or by its tanh approximation. */
export const gelu = <S extends Shape>(x: Real<S>, approximation: 'none' | 'tanh' = 'none'): Real<S> => {
  const wide: Tensor<Shape, 'f32'> = x
  const inner =
    approximation === 'none'
      ? erf(mul(wide, Math.SQRT1_2))
      : tanh(mul(add(wide, mul(mul(mul(wide, wide), wide), 0.044715)), Math.sqrt(2 / Math.PI)))
  return like(x, mul(mul(wide, 0.5), add(inner, 1)))
}

/** x·sigmoid(x) (swish). */
export const silu = <S extends Shape>(x: Real<S>): Real<S> => like(x, mul<Tensor<Shape, 'f32'>, Tensor<Shape, 'f32'>>(x, sigmoid(x)))

/** x where positive, else slope·x. */
export const leakyRelu =
  ({ slope = 0.01 }: { readonly slope?: number } = {}) =>
  <S extends Shape>(x: Real<S>): Real<S> =>
    like(x, select(greater<Tensor<Shape, 'f32'>, number>(x, 0), x, mul<Tensor<Shape, 'f32'>, number>(x, slope)))

/** x where positive, else α(e^x − 1). */
export const elu =
  ({ alpha = 1 }: { readonly alpha?: number } = {}) =>
  <S extends Shape>(x: Real<S>): Real<S> => {
    const wide: Tensor<Shape, 'f32'> = x
    const positive = greater(wide, 0)
    // The branch not taken sees 0, so that e^x does not overflow there.
    return like(x, select(positive, wide, mul(expm1(select(positive, 0, wide)), alpha)))
  }

/** relu limited to 6; the derivative is 0 at both bounds and at NaN, as PyTorch's. */
export const relu6 = <S extends Shape>(x: Real<S>): Real<S> => {
  const wide: Tensor<Shape, 'f32'> = x
  return like(x, select(equal(wide, wide), select(greaterEqual(wide, 6), 6, relu(wide)), stopGradient(wide)))
}

/** x·min(max(x + 3, 0), 6)/6; the derivative is −1/2 at −3 and 1 at 3, as PyTorch's. */
export const hardSwish = <S extends Shape>(x: Real<S>): Real<S> => {
  const wide: Tensor<Shape, 'f32'> = x
  return like(x, mul(wide, select(greaterEqual(wide, 3), 1, div(clamp({ lowest: 0 })(add(wide, 3)), 6))))
}

/** relu6(x + 3)/6. */
export const hardSigmoid = <S extends Shape>(x: Real<S>): Real<S> => like(x, div(relu6(add<Tensor<Shape, 'f32'>, number>(x, 3)), 6))

/** log Σ e^x over axes (all where not given), without overflow; the largest is subtracted first. */
export const logSumExp =
  ({ axes, keepDimensions = false }: { readonly axes?: readonly number[]; readonly keepDimensions?: boolean } = {}) =>
  (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => {
    const over = axes ?? x.shape.map((_, axis) => axis)
    const stable = largest(x, over)
    const logs = log(sum({ axes: over, keepDimensions })(exp(sub(x, stable))))
    return add(logs, keepDimensions ? stable : sum({ axes: over })(stable))
  }

/** The maximum over axes as a constant, with 0 in place of ±∞ so that x − maximum is never ∞ − ∞. Kept dimensions. */
const largest = (x: Tensor<Shape, 'f32'>, axes: readonly number[]): Tensor<Shape, 'f32'> => {
  const highest = stopGradient(max({ axes, keepDimensions: true })(x))
  return select(less(abs(highest), Infinity), highest, 0)
}

/** x − log Σ e^x along an axis. */
export const logSoftmax =
  ({ axis = -1 }: { readonly axis?: number } = {}) =>
  <S extends Shape>(x: Real<S>): Real<S> =>
    like(x, sub<Tensor<Shape, 'f32'>, Tensor<Shape, 'f32'>>(x, logSumExp({ axes: [axis], keepDimensions: true })(x)))

/** e^x / Σ e^x along an axis. */
export const softmax =
  ({ axis = -1 }: { readonly axis?: number } = {}) =>
  <S extends Shape>(x: Real<S>): Real<S> => {
    const wide: Tensor<Shape, 'f32'> = x
    const powers = exp(sub(wide, stopGradient(max({ axes: [axis], keepDimensions: true })(wide))))
    return like(x, div(powers, sum({ axes: [axis], keepDimensions: true })(powers)))
  }

/** x·tanh(softplus(x)). */
export const mish = <S extends Shape>(x: Real<S>): Real<S> => like(x, mul<Tensor<Shape, 'f32'>, Tensor<Shape, 'f32'>>(x, tanh(logOnePlusExp(x))))
