import type { Check, SameDim, ShapeMismatch } from '@tabula/tensor'
import type { AnchorOptions } from '../anchors/anchors.js'
import type { Conventions } from '../conventions/conventions.js'
import type { Backbone } from '../features/backbone.js'
import type { ChannelsOf, KnowsLength, Levels, SharedChannels, ShowStrides } from '../features/levels.js'
import type { RpnHead } from '../heads/rpn-head.js'
import type { HeadChannels, HeadClasses, Heads } from '../heads/head.js'

/** A detector's settings without its heads, whatever the types of its parts: what making batches needs. */
export interface RcnnSettings extends Conventions {
  readonly backbone: Backbone
  /** Classes, the background (0) included. */
  readonly classes: number
}

/** Everything an R-CNN is composed of: conventions, a backbone, the proposal network's head, and heads on regions by name. */
export interface RcnnOptions<L extends Levels, K extends number, Sizes extends readonly (readonly number[])[], H extends Heads, In extends number = number> extends Omit<Conventions, 'anchors'> {
  readonly backbone: Backbone<L>
  readonly anchors: AnchorOptions<Sizes>
  /** Classes, the background (0) included. */
  readonly classes: K
  /** The proposal network's head, which all levels share: `rpnHead()` where not given. */
  readonly rpn?: RpnHead<In>
  readonly heads: H
}

/** A sentence where there is not one list of anchor sizes for each level. */
export type AnchorsFit<L extends Levels, Sizes extends readonly unknown[]> = KnowsLength<L> extends false
  ? unknown
  : KnowsLength<Sizes> extends false
    ? unknown
    : SameDim<L['length'], Sizes['length']> extends true
      ? unknown
      : ShapeMismatch<`rcnn: anchors.sizes has ${Sizes['length']} lists but the backbone has ${L['length']} levels, of strides ${ShowStrides<L>}`>

/** A sentence where a head takes regions of another number of channels than the backbone's levels have. */
export type HeadsFit<C extends number, H extends Heads> = {
  [N in keyof H & string]: SameDim<HeadChannels<H[N]>, C> extends true ? never : ShapeMismatch<`rcnn: heads.${N} takes regions of ${HeadChannels<H[N]>} channels but the backbone's levels have ${C}`>
}[keyof H & string]

/** A sentence where a box head is made for another number of classes. */
export type ClassesFit<K extends number, H extends Heads> =
  SameDim<HeadClasses<H['box']>, K> extends true ? unknown : ShapeMismatch<`rcnn: heads.box predicts ${HeadClasses<H['box']>} classes but the detector has ${K}, the background included`>

type Failing<R> = R extends ShapeMismatch<string> ? R : never

/** A sentence where the proposal network's head takes maps of another number of channels than the backbone's levels have. */
export type RpnFits<C extends number, In extends number> = SameDim<In, C> extends true ? unknown : ShapeMismatch<`rcnn: rpn takes maps of ${In} channels but the backbone's levels have ${C}`>

/** What the compiler answers to parts that do not fit together. */
export type RcnnFits<L extends Levels, K extends number, Sizes extends readonly unknown[], H extends Heads, In extends number = number> = Failing<
  SharedChannels<'rcnn', L> | AnchorsFit<L, Sizes> | HeadsFit<ChannelsOf<L>, H> | ClassesFit<K, H> | RpnFits<ChannelsOf<L>, In>
> extends infer Wrong
  ? [Wrong] extends [never]
    ? unknown
    : Check<Wrong>
  : never
