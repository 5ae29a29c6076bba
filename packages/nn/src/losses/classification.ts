import { add, cast, div, exp, gather, mul, neg, notEqual, reshape, select, sub, sum, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { logOnePlusExp, logSigmoid, logSoftmax } from '../functions/activation.js'
import { reduceLoss } from './reduction.js'
import type { LossOptions } from './reduction.js'

type Real = Tensor<Shape, 'f32'>

/** How classes are weighted, which targets are left out, how targets are smoothed, and how the losses of positions are reduced. */
export interface CrossEntropyOptions extends LossOptions {
  /** `[K]`: a factor for each class. The mean is then weighted: divided by the sum of the factors of the targets. */
  readonly weight?: Real
  /** Targets of this class take no part, in the mean's denominator neither. */
  readonly ignoreIndex?: number
  /** The share of the target that is spread evenly over all classes. */
  readonly labelSmoothing?: number
}

/**
 * −log softmax(x)[target] over the classes in axis 1 of `[N, K, …]`, for targets `[N, …]` (PyTorch's `cross_entropy`). A mean of
 * nothing is NaN. Targets that are no class and not `ignoreIndex` are out of range: an error of the device that runs it.
 */
export const crossEntropy =
  ({ weight, ignoreIndex = -100, labelSmoothing = 0, reduction = 'mean' }: CrossEntropyOptions = {}) =>
  (x: Real, target: Tensor<Shape, 'i32'>): Real => {
    const rank = x.shape.length
    const classes = x.shape[1] ?? 0
    // Classes last and positions in rows, so that a target picks from its row.
    const rows = reshape([-1, classes])(transpose([0, ...x.shape.slice(2).map((_, k) => k + 2), 1])(x) as Real)
    const labels = reshape([-1])(target)
    const counts = notEqual(labels, ignoreIndex)
    const safe: Tensor<Shape, 'i32'> = select(counts, labels, 0)
    const logs: Real = logSoftmax({ axis: 1 })<Shape>(rows)
    const factor: Real = mul(cast('f32')(counts), weight === undefined ? 1 : gather(safe, { axis: 0 })(weight))
    const picked = (from: Real): Real => reshape([-1])(gather(reshape([-1, 1])(safe), { axis: 1, batchDims: 1 })(from))
    // Where nothing counts, nothing flows either: not even what a mean of nothing or an infinite logit would make of 0.
    const onlyCounted = (x: Real): Real => select(counts, x, 0)
    const plain: Real = onlyCounted(mul(neg(picked(logs)), factor))
    const smoothed = (): Real => {
      const all: Real = neg(sum({ axes: [1] })(weight === undefined ? logs : mul(logs, weight)))
      return add(mul(plain, 1 - labelSmoothing), mul(onlyCounted(all), labelSmoothing / classes))
    }
    const losses = labelSmoothing === 0 ? plain : smoothed()
    if (reduction === 'none') return reshape(rank > 1 ? target.shape : [])(losses)
    return reduction === 'sum' ? sum()(losses) : div(sum()(losses), sum()(factor))
  }

/** How elements and positives are weighted, and how the losses of elements are reduced. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** A factor for each element (it broadcasts), such as a mask of 0 and 1. Not in the mean's denominator. */
  readonly weight?: Real
  /** A factor for the positive part (it broadcasts). */
  readonly positiveWeight?: Real
}

/** −t·log σ(x) − (1 − t)·log(1 − σ(x)) for targets in [0, 1], without overflow (PyTorch's `binary_cross_entropy_with_logits`). */
export const binaryCrossEntropyWithLogits =
  ({ weight, positiveWeight, reduction = 'mean' }: BinaryCrossEntropyOptions = {}) =>
  (x: Real, target: Real): Real => {
    const negative: Real = mul(sub(1, target), logOnePlusExp(x))
    const positive: Real = mul(target, logSigmoid(x))
    const losses: Real = sub(negative, positiveWeight === undefined ? positive : mul(positive, positiveWeight))
    return reduceLoss(weight === undefined ? losses : mul(losses, weight), reduction)
  }

/** α (0.25) balances positives and negatives, γ (2) quiets confident predictions (Lin et al. 2017, §3). */
export interface FocalLossOptions {
  /** The weight of positives, 1 − α of negatives; negative: no weights. */
  readonly alpha?: number
  /** The power of 1 − p_t; 0 is plain cross-entropy. */
  readonly gamma?: number
  /** Nothing is reduced where not given, as torchvision. */
  readonly reduction?: LossOptions['reduction']
}

/** Focal loss of logits for targets 0 and 1 (Lin et al. 2017; torchvision's `sigmoid_focal_loss`): α_t·(1 − p_t)^γ·BCE. */
export const sigmoidFocalLoss =
  ({ alpha = 0.25, gamma = 2, reduction = 'none' }: FocalLossOptions = {}) =>
  (x: Real, target: Real): Real => {
    const entropy = binaryCrossEntropyWithLogits({ reduction: 'none' })(x, target)
    // log(1 − p_t) = t·log σ(−x) + (1 − t)·log σ(x), so that its power is exact for confident logits.
    const missing: Real = sub(mul(target, logSigmoid(neg(x))), mul(sub(target, 1), logSigmoid(x)))
    const modulated: Real = mul(entropy, exp(mul(missing, gamma)))
    return reduceLoss(alpha < 0 ? modulated : mul(modulated, add(mul(target, 2 * alpha - 1), 1 - alpha)), reduction)
  }
