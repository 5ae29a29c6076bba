import { abs, add, equal, greater, greaterEqual, mul, neg, select, square, stopGradient, sub } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { reduceLoss } from './reduction.js'
import type { LossOptions } from './reduction.js'

type Real = Tensor<Shape, 'f32'>

// Below, the quadratic branch sees 0 where it is not taken: an infinite difference must not reach its derivative (0 · ∞); NaN takes it.

/** |x − target|. */
export const l1Loss =
  ({ reduction = 'mean' }: LossOptions = {}) =>
  (x: Real, target: Real): Real =>
    reduceLoss(abs(sub(x, target)), reduction)

/** (x − target)². */
export const mseLoss =
  ({ reduction = 'mean' }: LossOptions = {}) =>
  (x: Real, target: Real): Real =>
    reduceLoss(square(sub(x, target)), reduction)

/**
 * With d = |x − target|: d²/2β below β, d − β/2 from there (Fast R-CNN; PyTorch's `smooth_l1_loss`). β is 1 in Fast R-CNN, 1/9 in
 * RPN; 0 is the L1 loss. Throws `RangeError` for a negative β.
 */
export const smoothL1Loss =
  ({ beta = 1, reduction = 'mean' }: LossOptions & { readonly beta?: number } = {}) =>
  (x: Real, target: Real): Real => {
    if (beta < 0) throw new RangeError(`smoothL1Loss: beta: expected a number of at least 0, found ${beta}`)
    const difference = sub(x, target)
    const distance = abs(difference)
    if (beta === 0) {
      // The L1 loss; but where x = target, PyTorch gives each of them the derivative −1.
      const falling = neg(add(x, target))
      const some = greater(distance, 0)
      const apart: Real = select(some, distance, square(select(some, 0, difference)))
      return reduceLoss(select(equal(x, target), sub(falling, stopGradient(falling)), apart), reduction)
    }
    const far = greaterEqual(distance, beta)
    return reduceLoss(select(far, sub(distance, 0.5 * beta), mul(square(select(far, 0, difference)), 0.5 / beta)), reduction)
  }

/** With d = |x − target|: d²/2 below δ, δ(d − δ/2) from there (PyTorch's `huber_loss`). */
export const huberLoss =
  ({ delta = 1, reduction = 'mean' }: LossOptions & { readonly delta?: number } = {}) =>
  (x: Real, target: Real): Real => {
    const difference = sub(x, target)
    const distance = abs(difference)
    const far = greater(distance, delta)
    return reduceLoss(select(far, mul(sub(distance, 0.5 * delta), delta), mul(square(select(far, 0, difference)), 0.5)), reduction)
  }
