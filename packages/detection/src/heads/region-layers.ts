import { conv2d, flatten, heNormal, heUniform, linear, relu, sequence } from '@tabula/nn'
import type { AnyLayer, Norm, Signature, SignatureOf, Step } from '@tabula/nn'

/**
 * Layers on pooled regions `[R, In, size, size]`, to rows `[R, Out]` (box heads) or maps `[R, Out, size, size]` (mask heads). `In` is `number`
 * where they are made for any number of channels.
 */
export interface RegionLayers<In extends number = number, Out extends number = number> {
  /** Cells of a pooled region, high and wide. */
  readonly size: number
  /** Channels they take, where it is one number. */
  readonly channels?: In
  /** Features or channels they give. */
  readonly width: Out
  readonly layer: (channels: number) => AnyLayer
}

/** Two fully connected layers with ReLU (FPN §4.2), torchvision's names `fc6`, `fc7`. */
export const twoFc = <const W extends number = 1024>({ size = 7, width }: { readonly size?: number; readonly width?: W } = {}): RegionLayers<number, W> => {
  // W is 1024 where no width is given.
  const features = width ?? (1024 as W)
  return {
    size,
    width: features,
    layer: (channels) =>
      sequence([flatten, ['fc6', linear(channels * size * size, features, { init: heUniform('in') })], relu, ['fc7', linear(features, features, { init: heUniform('in') })], relu] as readonly Step[])
  }
}

/** How many 3×3 convolutions (4), on regions of which side in cells (7), to how many features (1024), with which norm. */
export interface ConvsOneFcOptions<W extends number, P, S> {
  readonly convs?: number
  readonly size?: number
  readonly width?: W
  readonly norm: Norm<P, S>
}

/** 3×3 convolutions with a norm and ReLU, then one fully connected layer: the box head of the paper (4conv1fc), torchvision's names `0.0`, `0.1` … */
export const convsOneFc = <P, S, const W extends number = 1024>({ convs = 4, size = 7, width, norm }: ConvsOneFcOptions<W, P, S>): RegionLayers<number, W> => {
  // W is 1024 where no width is given.
  const features = width ?? (1024 as W)
  return {
    size,
    width: features,
    layer: (channels) =>
      sequence([
        ...Array.from({ length: convs }, (_, k): Step => [String(k), convNormRelu(channels, channels, norm)]),
        flatten,
        [String(convs + 1), linear(channels * size * size, features, { init: heUniform('in') })],
        relu
      ] as readonly Step[])
  }
}

/** Settings of `maskConvs` (Mask R-CNN §3.1). */
export interface MaskConvsOptions<W extends number, P, S> {
  readonly convs?: number
  readonly channels?: W
  readonly size?: number
  readonly norm: Norm<P, S>
}

/** 3×3 convolutions with a norm and ReLU that keep the region's size, torchvision's names `0.0`, `0.1` … */
export const maskConvs = <P, S, const W extends number = 256>({ convs = 4, channels, size = 14, norm }: MaskConvsOptions<W, P, S>): RegionLayers<number, W> => {
  // W is 256 where no number is given.
  const width = channels ?? (256 as W)
  return {
    size,
    width,
    layer: (inputs) => sequence(Array.from({ length: convs }, (_, k): Step => [String(k), convNormRelu(k === 0 ? inputs : width, width, norm)]) as readonly Step[])
  }
}

type OutOf<F extends Signature> = F['out'] extends number ? F['out'] : F['in']

/**
 * Layers of the caller's own: any `Layer` on `[R, In, size, size]`. Its channels are part of the type, so that it fits only a pyramid of as
 * many. `width`: the features it gives.
 */
export const regionLayers = <L extends AnyLayer>(of: {
  readonly size: number
  readonly channels: SignatureOf<L>['in']
  readonly width: OutOf<SignatureOf<L>>
  readonly layer: L
}): RegionLayers<SignatureOf<L>['in'], OutOf<SignatureOf<L>>> => ({ ...of, layer: () => of.layer })

/** 3×3 convolution (`0`), norm (`1`, where it is one), ReLU. */
export const convNormRelu = <P, S>(inputs: number, outputs: number, norm: Norm<P, S>): AnyLayer =>
  sequence([
    ['0', conv2d(inputs, outputs, { kernel: 3, padding: 1, bias: norm.needsBias, init: heNormal('out') })],
    ...(norm.needsBias ? [] : [['1', norm.layer(outputs)] as const]),
    relu
  ] as readonly Step[])
