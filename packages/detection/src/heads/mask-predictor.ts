import { conv2d, convTranspose2d, heNormal, relu } from '@tabula/nn'
import { add, gather, matmul, reshape } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Module } from '../module.js'
import { initAll, leafAt, scopeOf, treesAt } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** Pooled, convolved regions and the class whose mask is wanted of each. */
export interface MaskInput {
  readonly regions: Real
  /** `[R]`: which of the predicted maps. */
  readonly labels: Tensor<Shape, 'i32'>
}

/**
 * Transposed convolution, ReLU and the 1×1 convolution of each region's own class (torchvision's `MaskRCNNPredictor`): logits
 * `[R, 2·size, 2·size]`. Only the asked class's filter is applied; the other classes' maps are never used.
 */
export const maskPredictor = (inputs: number, channels: number, classes: number): Module<MaskInput, Real> => {
  const up = convTranspose2d(inputs, channels, { kernel: 2, stride: 2, init: heNormal('out') })
  const logits = conv2d(channels, classes, { init: heNormal('out') })
  return {
    init: initAll({ conv5_mask: up, mask_fcn_logits: logits }),
    apply: (mode, params, state, { regions, labels }) => {
      const scope = scopeOf(mode, params, state)
      const hidden = scope.here(relu, scope.layer('conv5_mask', up, regions))
      const [r = 0, c = 0, h = 0, w = 0] = hidden.shape
      const own = treesAt(params, 'mask_fcn_logits')
      const filters = reshape([r, 1, c])(gather(labels, { axis: 0 })(reshape([classes, c])(leafAt('maskPredictor', own, ['weight']))))
      const offsets = reshape([r, 1, 1])(gather(labels, { axis: 0 })(leafAt('maskPredictor', own, ['bias'])))
      const maps = add(matmul<Shape, Shape>(filters, reshape([r, c, h * w])(hidden)), offsets)
      return [reshape([r, h, w])(maps), scope.state()]
    }
  }
}
