import { conv2d, normalInit, relu, sequence } from '@tabula/nn'
import type { Step } from '@tabula/nn'
import { reshape, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Module } from '../module.js'
import { initAll, scopeOf } from '../module.js'
import type { LevelPrediction } from '../proposals/proposals.js'

type Real = Tensor<Shape, 'f32'>

/** `[N, A·k, H, W]` → `[N, H·W·A, k]`: by row, column, anchor. */
const flattened = (x: Real, anchors: number): Real => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  const k = channels / anchors
  return reshape([n, h * w * anchors, k])(transpose([0, 3, 4, 1, 2])(reshape([n, anchors, k, h, w])(x)))
}

/** The region proposal network's head, shared by all levels (Faster R-CNN §3.1): 3×3 convolution, ReLU, logits and deltas for each anchor. */
export const rpnHead = (channels: number, anchors: number): Module<readonly Real[], readonly LevelPrediction[]> => {
  const init = normalInit(0.01)
  const conv = sequence([['0', sequence([['0', conv2d(channels, channels, { kernel: 3, padding: 1, init })], relu])]] as readonly Step[])
  const logits = conv2d(channels, anchors, { init })
  const deltas = conv2d(channels, anchors * 4, { init })
  return {
    init: initAll({ conv, cls_logits: logits, bbox_pred: deltas }),
    apply: (mode, params, state, levels) => {
      const scope = scopeOf(mode, params, state)
      const predictions = levels.map((level) => {
        const hidden = scope.layer('conv', conv, level)
        const objectness = flattened(scope.layer('cls_logits', logits, hidden), anchors)
        return { logits: reshape(objectness.shape.slice(0, 2))(objectness), deltas: flattened(scope.layer('bbox_pred', deltas, hidden), anchors) }
      })
      return [predictions, scope.state()]
    }
  }
}
