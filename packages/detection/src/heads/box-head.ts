import { conv2d, flatten, heNormal, heUniform, linear, normalInit, relu, sequence } from '@tabula/nn'
import type { AnyLayer, Norm, Step } from '@tabula/nn'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Module } from '../module.js'
import { initAll, scopeOf } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** Turns pooled regions `[R, C, size, size]` into rows `[R, width]`. */
export interface BoxHead {
  readonly size: number
  readonly width: number
  readonly layer: (channels: number) => AnyLayer
}

/** Two fully connected layers (FPN §4.2), torchvision's names `fc6`, `fc7`. */
export const twoFc = ({ size = 7, width = 1024 }: { readonly size?: number; readonly width?: number } = {}): BoxHead => ({
  size,
  width,
  layer: (channels) =>
    sequence([flatten, ['fc6', linear(channels * size * size, width, { init: heUniform('in') })], relu, ['fc7', linear(width, width, { init: heUniform('in') })], relu] as readonly Step[])
})

/** Convolutions with a norm, then one fully connected layer: the head of the paper (4conv1fc), torchvision's names `0.0`, `0.1` … */
export const convsOneFc = <P, S>({ convs = 4, size = 7, width = 1024, norm }: { readonly convs?: number; readonly size?: number; readonly width?: number; readonly norm: Norm<P, S> }): BoxHead => ({
  size,
  width,
  layer: (channels) =>
    sequence([
      ...Array.from({ length: convs }, (_, k): Step => [String(k), convNormRelu(channels, channels, norm)]),
      flatten,
      [String(convs + 1), linear(channels * size * size, width, { init: heUniform('in') })],
      relu
    ] as readonly Step[])
})

/** 3×3 convolution (`0`), norm (`1`, where it is one), ReLU. */
export const convNormRelu = <P, S>(inputs: number, outputs: number, norm: Norm<P, S>): AnyLayer =>
  sequence([
    ['0', conv2d(inputs, outputs, { kernel: 3, padding: 1, bias: norm.needsBias, init: heNormal('out') })],
    ...(norm.needsBias ? [] : [['1', norm.layer(outputs)] as const]),
    relu
  ] as readonly Step[])

/** Class logits `[R, K]` (0 is background) and deltas `[R, 4·K]` for each region. */
export interface BoxPrediction {
  readonly logits: Real
  readonly deltas: Real
}

/** The last two layers of the box branch, torchvision's `FastRCNNPredictor`. */
export const boxPredictor = (width: number, classes: number): Module<Real, BoxPrediction> => {
  const scores = linear(width, classes, { init: normalInit(0.01) })
  const deltas = linear(width, classes * 4, { init: normalInit(0.001) })
  return {
    init: initAll({ cls_score: scores, bbox_pred: deltas }),
    apply: (mode, params, state, x) => {
      const scope = scopeOf(mode, params, state)
      return [{ logits: scope.layer('cls_score', scores, x), deltas: scope.layer('bbox_pred', deltas, x) }, scope.state()]
    }
  }
}
