import { compose, conv2d, definitionOf, heNormal, initialize, maxPool, named, relu, residual, sequence } from '@tabula/nn'
import type { AnyLayer, Norm, Step } from '@tabula/nn'
import type { Key, Shape, Tensor } from '@tabula/tensor'
import { asMaps } from '../features/backbone.js'
import type { Backbone } from '../features/backbone.js'
import type { Level, Levels, Twice } from '../features/levels.js'
import type { Trees } from '../module.js'
import { scopeOf } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** Numbers of blocks of the usual depths (He et al. 2016, table 1). */
const blocksOf = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3] } as const

/** A residual network's settings, but for its norm. */
export interface ResnetShape {
  readonly depth?: keyof typeof blocksOf
  /** Blocks in each stage, where not those of the depth. */
  readonly blocks?: readonly number[]
  /** Two 3×3 convolutions a block, or 1×1, 3×3, 1×1 with four times the channels. */
  readonly block?: 'basic' | 'bottleneck'
  /** Channels of the stem and of the first stage's inner convolutions. */
  readonly base?: number
}

/** A residual network's settings. */
export interface ResnetOptions<P, S> extends ResnetShape {
  readonly norm: Norm<P, S>
}

type DepthOf<O> = O extends { readonly depth: infer D extends keyof typeof blocksOf } ? D : 50
type BlocksOf<O> = O extends { readonly blocks: infer B extends readonly number[] } ? B : readonly [2, 2, 2, 2]
type BlockOf<O> = O extends { readonly block: infer B } ? B : [DepthOf<O>] extends [18 | 34] ? 'basic' : [DepthOf<O>] extends [50 | 101 | 152] ? 'bottleneck' : unknown
type BaseOf<O> = O extends { readonly base: infer B extends number } ? B : 64

/** Stages from a first one: channels and strides double. */
type Stages<Blocks extends readonly unknown[], C extends number, S extends number> = Blocks extends readonly [unknown, ...infer Rest]
  ? readonly [Level<C, S>, ...Stages<Rest, Twice<C>, Twice<S>>]
  : readonly []

/** The levels of a residual network with these settings: strides 4, 8, 16 …, channels as far as the settings are known. */
export type ResnetLevels<O extends ResnetShape> = number extends BlocksOf<O>['length']
  ? Levels
  : Stages<BlocksOf<O>, [BlockOf<O>] extends ['basic'] ? BaseOf<O> : [BlockOf<O>] extends ['bottleneck'] ? Twice<Twice<BaseOf<O>>> : number, 4>

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
 * A residual network without its classifier (He et al. 2016), under torchvision's names (`conv1`, `bn1`, `layer1.0.conv1` …): maps of strides
 * 4, 8, 16 and 32. The caller's norm is used throughout.
 */
export const resnet = <P, S, const O extends ResnetShape>(options: O & ResnetOptions<P, S>): Backbone<ResnetLevels<O>> => {
  const { depth = 50, blocks = blocksOf[depth], block = depth < 50 ? 'basic' : 'bottleneck', base = 64, norm }: ResnetOptions<P, S> = options
  const growth = block === 'basic' ? 1 : 4
  const stem: AnyLayer = sequence([['conv1', convolution(3, base, 7, 2)], ['bn1', norm.layer(base)], relu] as readonly Step[])
  const stages = blocks.map((count, stage) => {
    const width = base * 2 ** stage
    const before = stage === 0 ? base : base * 2 ** (stage - 1) * growth
    const steps: readonly Step[] = Array.from({ length: count }, (_, k): Step => [String(k), blockOf(norm, block, k === 0 ? before : width * growth, width, k === 0 && stage > 0 ? 2 : 1)])
    return sequence(steps)
  })
  const pool = maxPool({ kernel: 3, stride: 2, padding: 1 })
  const byName = Object.fromEntries(stages.map((stage, k) => [`layer${k + 1}`, stage as AnyLayer]))
  const levels = blocks.map((_, stage) => ({ channels: base * 2 ** stage * growth, stride: 4 * 2 ** stage }))
  return {
    // One level for each stage, as `ResnetLevels` computes it.
    levels: levels as unknown as ResnetLevels<O>,
    pooled: levels.length,
    module: {
      init: (key: Key, path: string) => {
        const first = definitionOf(stem).init(key, path)
        const rest = initialize(byName)(key, path)
        return { params: { ...(first.params as Trees), ...rest.params }, state: { ...(first.state as Trees), ...rest.state } }
      },
      apply: (mode, params, state, x) => {
        const scope = scopeOf(mode, params, state)
        const maps: Real[] = []
        let map = scope.here(pool, scope.here(stem, x))
        for (const [name, stage] of Object.entries(byName)) {
          map = scope.layer(name, stage, map)
          maps.push(map)
        }
        return [asMaps<ResnetLevels<O>>(maps), scope.state()]
      }
    }
  }
}
