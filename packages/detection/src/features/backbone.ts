import type { Shape, Tensor } from '@tabula/tensor'
import type { Module } from '../module.js'
import type { Levels, MapsOf } from './levels.js'

/**
 * A network from images `[N, 3, H, W]` to feature maps of several strides. Its type says which: `Backbone<readonly [Level<256, 4>, …]>`.
 * A feature pyramid over a backbone is a backbone, too.
 */
export interface Backbone<L extends Levels = Levels> {
  /** Channels and stride of each map, finest first. */
  readonly levels: L
  /** From how many levels, finest first, regions are pooled; those after them are the proposal network's alone. */
  readonly pooled: number
  readonly module: Module<Tensor<Shape, 'f32'>, MapsOf<L>>
  /** The network under a pyramid. */
  readonly body?: Backbone
}

/** Maps whose shapes follow from the levels, which the compiler cannot see through a module's loops. */
export const asMaps = <L extends Levels>(maps: readonly Tensor<Shape, 'f32'>[]): MapsOf<L> =>
  // The module makes one map for each level, of its channels and stride; the shape rules check it at run time.
  maps as unknown as MapsOf<L>
