import { conv2d, sequence, xavierUniform } from '@tabula/nn'
import type { AnyLayer, Norm, Step } from '@tabula/nn'
import { add, maxPool2d, ShapeError, showShape, upsampleNearest } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Check } from '@tabula/tensor'
import { asMaps } from '../features/backbone.js'
import type { Backbone } from '../features/backbone.js'
import type { DoublingStrides, KnowsLength, LastStride, Level, Levels, Twice } from '../features/levels.js'
import type { Module } from '../module.js'
import { initAll, scopeOf } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** A feature pyramid's settings. */
export interface FpnOptions<C extends number, P, S> {
  /** Channels of every level. */
  readonly channels: C
  /** After each convolution; `noNorm` for biases instead. */
  readonly norm: Norm<P, S>
}

type SameStrides<L extends Levels, C extends number> = { readonly [K in keyof L]: Level<C, L[K]['stride']> }

/** A pyramid's levels: the backbone's strides and one twice the last, all with C channels. */
export type FpnLevels<L extends Levels, C extends number> = KnowsLength<L> extends true ? readonly [...SameStrides<L, C>, Level<C, Twice<LastStride<L>>>] : readonly Level<C>[]

const upsampledTo = (coarse: Real, fine: Real): Real => {
  const [, , h = 0, w = 0] = fine.shape
  const [, , ch = 0, cw = 0] = coarse.shape
  if (h % ch !== 0 || w % cw !== 0) {
    throw new ShapeError({ operation: 'fpn', operand: 'maps', expected: `a finer map of a multiple of ${ch} × ${cw} (pad images to a multiple of the coarsest stride)`, found: showShape(fine.shape) })
  }
  return upsampleNearest({ factor: [h / ch, w / cw] })(coarse)
}

/**
 * Feature pyramid network (Lin et al. 2017) over a backbone's maps, under torchvision's names `body`, `fpn.inner_blocks.i.0`,
 * `fpn.layer_blocks.i.0`: 1×1 laterals, top-down nearest upsampling and addition, 3×3 outputs, and a last level for the proposal network that
 * takes every second cell of the coarsest. No activation. Strides that do not double do not compile.
 */
export const fpn = <const L extends Levels, const C extends number, P, S>(
  body: Backbone<L> & Check<DoublingStrides<'fpn', L>>,
  { channels, norm }: FpnOptions<C, P, S>
): Backbone<FpnLevels<L, C>> => {
  const block = (from: number, kernel: 1 | 3): AnyLayer =>
    sequence([
      ['0', conv2d(from, channels, { kernel, padding: (kernel - 1) / 2, bias: norm.needsBias, init: xavierUniform })],
      ...(norm.needsBias ? [] : [['1', norm.layer(channels)] as const])
    ] as readonly Step[])
  const record = (make: (from: number) => AnyLayer) => Object.fromEntries(body.levels.map((level, k) => [String(k), make(level.channels)]))
  const group = (layers: Readonly<Record<string, AnyLayer>>): Module<readonly Real[], readonly Real[]> => ({
    init: initAll(layers),
    apply: (mode, params, state, maps) => {
      const scope = scopeOf(mode, params, state)
      return [maps.map((map, level) => scope.layer(String(level), layers[String(level)] ?? missing(level), map)), scope.state()]
    }
  })
  const inner = group(record((from) => block(from, 1)))
  const outer = group(record(() => block(channels, 3)))
  const pyramid: Module<readonly Real[], readonly Real[]> = {
    init: initAll({ inner_blocks: inner, layer_blocks: outer }),
    apply: (mode, params, state, maps) => {
      const scope = scopeOf(mode, params, state)
      const laterals = scope.module('inner_blocks', inner, maps)
      const merged = laterals.reduceRight<readonly Real[]>((above, lateral) => {
        const [coarser] = above
        return [coarser === undefined ? lateral : add(lateral, upsampledTo(coarser, lateral)), ...above]
      }, [])
      const levels = scope.module('layer_blocks', outer, merged)
      const coarsest = levels.at(-1)
      return [coarsest === undefined ? levels : [...levels, maxPool2d({ kernel: 1, stride: 2 })(coarsest)], scope.state()]
    }
  }
  const strides = body.levels.map(({ stride }) => stride)
  const levels = [...strides, 2 * (strides.at(-1) ?? 1)].map((stride) => ({ channels, stride }))
  return {
    // The body's strides and one more, as `FpnLevels` computes them.
    levels: levels as unknown as FpnLevels<L, C>,
    pooled: body.levels.length,
    body,
    module: {
      init: initAll({ body: body.module, fpn: pyramid }),
      apply: (mode, params, state, images) => {
        const scope = scopeOf(mode, params, state)
        const maps: readonly Real[] = scope.module('body', body.module, images)
        return [asMaps<FpnLevels<L, C>>(scope.module('fpn', pyramid, maps)), scope.state()]
      }
    }
  }
}

const missing = (level: number): never => {
  throw new ShapeError({ operation: 'fpn', operand: 'maps', expected: 'as many as the backbone has', found: `a map at level ${level}` })
}
