import { mean, sum } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

/** How the losses of elements become the result: their mean, their sum, or all of them. */
export type LossReduction = 'mean' | 'sum' | 'none'

/** How the losses of elements become one number, if they do. */
export interface LossOptions {
  /** The mean where not given, as PyTorch. */
  readonly reduction?: LossReduction
}

/** Reduces the losses of elements. The mean of none is NaN. */
export const reduceLoss = (losses: Tensor<Shape, 'f32'>, reduction: LossReduction = 'mean'): Tensor<Shape, 'f32'> =>
  reduction === 'none' ? losses : reduction === 'sum' ? sum()(losses) : mean()(losses)
