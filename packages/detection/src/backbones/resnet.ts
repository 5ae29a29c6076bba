import { compose, conv2d, definitionOf, heNormal, initialize, maxPool, named, relu, residual, sequence } from '@tabula/nn'
import type { AnyLayer, Norm, Step } from '@tabula/nn'
import type { Key, Shape, Tensor } from '@tabula/tensor'
import type { Module, Trees } from '../module.js'
import { scopeOf } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** Numbers of blocks of the usual depths (He et al. 2016, table 1). */
const blocksOf = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const

/** A residual network's settings. */
export interface ResnetOptions<P, S> {
  readonly depth?: keyof typeof blocksOf
  /** Blocks in each stage, where not those of the depth. */
  readonly blocks?: readonly number[]
  /** Two 3×3 convolutions a block, or 1×1, 3×3, 1×1 with four times the channels. */
  readonly block?: 'basic' | 'bottleneck'
  /** Channels of the stem and of the first stage's inner convolutions. */
  readonly base?: number
  readonly norm: Norm<P, S>
}

/** A network that makes feature maps of several strides. */
export interface Backbone {
  /** Channels of each map, finest first. */
  readonly channels: readonly number[]
  /** Pixels a cell of each map. */
  readonly strides: readonly number[]
  readonly module: Module<Real, readonly Real[]>
}

const convolution = (inputs: number, outputs: number, kernel: 1 | 3 | 7, stride: number): AnyLayer =>
  conv2d(inputs, outputs, { kernel, stride, padding: (kernel - 1) / 2, bias: false, init: heNormal('out') })

/** One residual block under torchvision's names; the stride is on the (first) 3×3 convolution. */
const blockOf = <P, S>(norm: Norm<P, S>, kind: 'basic' | 'bottleneck', inputs: number, width: number, stride: number): AnyLayer => {
  const outputs = kind === 'basic' ? width : width * 4
  const parts: readonly (readonly [number, number, 1 | 3, number])[] =
    kind === 'basic'
      ? [
          [inputs, width, 3, stride],
          [width, width, 3, 1]
        ]
      : [
          [inputs, width, 1, 1],
          [width, width, 3, stride],
          [width, outputs, 1, 1]
        ]
  const steps: readonly Step[] = parts.flatMap(([from, to, kernel, step], k): readonly Step[] => [
    [`conv${k + 1}`, convolution(from, to, kernel, step)],
    [`bn${k + 1}`, norm.layer(to)],
    ...(k === parts.length - 1 ? [] : [relu])
  ])
  const branch = sequence(steps)
  if (stride === 1 && inputs === outputs) return compose(residual(branch), relu)
  const shortcut = sequence([['0', convolution(inputs, outputs, 1, stride)], ['1', norm.layer(outputs)]] as readonly Step[])
  return compose(residual(branch, named('downsample', shortcut)), relu)
}

/**
 * A residual network without its classifier, under torchvision's names (`conv1`, `bn1`, `layer1.0.conv1` …): maps of strides 4, 8, 16
 * and 32. The caller's norm is used throughout.
 */
export const resnet = <P, S>({ depth = 50, blocks = blocksOf[depth], block = depth < 50 ? 'basic' : 'bottleneck', base = 64, norm }: ResnetOptions<P, S>): Backbone => {
  const growth = block === 'basic' ? 1 : 4
  const stem: AnyLayer = sequence([['conv1', convolution(3, base, 7, 2)], ['bn1', norm.layer(base)], relu] as readonly Step[])
  const stages = blocks.map((count, stage) => {
    const width = base * 2 ** stage
    const before = stage === 0 ? base : base * 2 ** (stage - 1) * growth
    const steps: readonly Step[] = Array.from({ length: count }, (_, k): Step => [String(k), blockOf(norm, block, k === 0 ? before : width * growth, width, k === 0 && stage > 0 ? 2 : 1)])
    return sequence(steps)
  })
  const pool = maxPool({ kernel: 3, stride: 2, padding: 1 })
  const named_ = Object.fromEntries(stages.map((stage, k) => [`layer${k + 1}`, stage as AnyLayer]))
  return {
    channels: blocks.map((_, stage) => base * 2 ** stage * growth),
    strides: blocks.map((_, stage) => 4 * 2 ** stage),
    module: {
      init: (key: Key, path: string) => {
        const first = definitionOf(stem).init(key, path)
        const rest = initialize(named_)(key, path)
        return { params: { ...(first.params as Trees), ...rest.params }, state: { ...(first.state as Trees), ...rest.state } }
      },
      apply: (mode, params, state, x) => {
        const scope = scopeOf(mode, params, state)
        const maps: Real[] = []
        let map = scope.here(pool, scope.here(stem, x))
        for (const [name, stage] of Object.entries(named_)) {
          map = scope.layer(name, stage, map)
          maps.push(map)
        }
        return [maps, scope.state()]
      }
    }
  }
}
