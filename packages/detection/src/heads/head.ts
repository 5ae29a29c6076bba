import type { Shape, Tensor, TensorsOf } from '@tabula/tensor'
import type { AnyLayer } from '@tabula/nn'
import type { Conventions } from '../conventions/conventions.js'
import type { BoxDetections } from '../mask-rcnn/detect.js'
import type { PositiveRois, Scalar } from '../mask-rcnn/losses.js'
import type { Module, Scope } from '../module.js'
import type { Proposals } from '../proposals/proposals.js'
import type { GroundTruth, SampledRois } from '../roi/sampling.js'

type Real = Tensor<Shape, 'f32'>

declare const types: unique symbol

/** What a head is built for. */
export interface HeadContext {
  /** Channels of the maps that regions are pooled from. */
  readonly channels: number
  /** Classes, the background (0) included. */
  readonly classes: number
  readonly conventions: Conventions
}

/** Pools boxes `[R, 4]` of images `[R]`, each from its level: `[R, C, size, size]`. */
export type Pool = (boxes: Real, image: Tensor<Shape, 'i32'>, size: number) => Real

/** Losses by name; the trainer sums them. */
export type Losses = Readonly<Record<string, Scalar>>

/** The parts of a head by their names in the state dict, inside `roi_heads`. */
export type Parts = Readonly<Record<string, AnyLayer | Pick<Module<never, unknown>, 'init'>>>

/** Intermediate tensors by name, for comparisons with other implementations. */
export type StageRecord = Readonly<Record<string, Tensor>>

/** What a box head is trained on. */
export interface BoxTraining {
  readonly pool: Pool
  readonly proposals: Proposals
  readonly truth: GroundTruth
  /** `[N, P + G]`, distinct numbers in (0, 1): which candidates are drawn first. */
  readonly priority: Real
}

/** What a box head makes detections of. */
export interface BoxInference {
  readonly pool: Pool
  readonly proposals: Proposals
  /** `[N, 2]`: heights and widths before padding. */
  readonly imageSizes: Real
}

/** The functions of a box head. It draws the regions that all heads are trained on, and it makes the detections that the others describe. */
export interface BoxFunctions<L extends Losses> {
  readonly parts: Parts
  readonly train: (scope: Scope, input: BoxTraining) => { readonly losses: L; readonly rois: SampledRois }
  readonly infer: (scope: Scope, input: BoxInference) => { readonly detections: BoxDetections; readonly stages?: StageRecord }
}

/** The box head of an R-CNN, for maps of `In` channels and `K` classes (`number`: any). */
export interface BoxHead<In extends number = number, K extends number = number, L extends Losses = Losses> {
  readonly kind: 'box head'
  readonly channels?: In
  readonly classes?: K
  readonly build: (context: HeadContext) => BoxFunctions<L>
  /** Present in types only. */
  readonly [types]?: { readonly channels: In; readonly classes: K; readonly losses: L }
}

/** What a head is trained on that learns from regions with an object alone. */
export interface PositiveTraining<Targets> {
  readonly pool: Pool
  /** The regions that hold an object, first in order, with the object of each; rows after them weigh nothing. */
  readonly positive: PositiveRois
  /** What the head's `targets` made of the batch. */
  readonly targets: Targets
}

/** What a head is trained on that learns from all regions the box head drew. */
export interface RoiTraining<Targets> extends PositiveTraining<Targets> {
  readonly rois: SampledRois
  readonly truth: GroundTruth
}

/** What a head describes: the detections of the box head. */
export interface RoiInference {
  readonly pool: Pool
  readonly detections: BoxDetections
  /** `[N·D]`: the image of each detection. */
  readonly image: Tensor<Shape, 'i32'>
}

/**
 * Which regions a head learns from. `positive`: its losses rest on the positive regions alone, and rows after those must not change them, so
 * that they may be computed on as many rows as are positive. `all`: on every region the box head drew.
 */
export type TrainingRows<Targets, L extends Losses> =
  | { readonly rows: 'positive'; readonly train: (scope: Scope, input: PositiveTraining<Targets>) => L }
  | { readonly rows: 'all'; readonly train: (scope: Scope, input: RoiTraining<Targets>) => L }

/** The functions of a head, on the parts it names. */
export type RoiFunctions<Targets, L extends Losses, R> = TrainingRows<Targets, L> & {
  readonly parts: Parts
  /** Results for `[N, D]` detections, which become fields of the detector's results. */
  readonly infer: (scope: Scope, input: RoiInference) => { readonly results: R; readonly stages?: StageRecord }
}

/** The sizes that targets are padded to. */
export interface TargetLayout {
  /** Objects an image. */
  readonly capacity: number
  /** Of the padded images, in pixels. */
  readonly height: number
  readonly width: number
}

/** Any head beside the box head, for the types of records of heads. */
export interface AnyRoiHead {
  readonly kind: 'roi head'
  readonly [types]?: { readonly channels: number; readonly item: unknown; readonly values: unknown; readonly losses: Losses; readonly results: unknown }
}

/**
 * A head on the regions of an R-CNN beside its box head, as a value: what it must know of an image's objects (`Item`), the numbers made of
 * that for a batch (`Values`), its losses (`L`) and its results (`R`).
 */
export interface RoiHead<In extends number, Item, Values, L extends Losses, R> extends AnyRoiHead {
  readonly channels?: In
  /** Targets of a batch, made in the loader: depends on ground truth alone. An item has the fields the head asks for, and its objects' labels. */
  readonly targets: (items: readonly (Item & { readonly labels: Int32Array })[], layout: TargetLayout) => Values
  readonly build: (context: HeadContext) => RoiFunctions<TensorsOf<Values>, L, R>
  readonly [types]?: { readonly channels: In; readonly item: Item; readonly values: Values; readonly losses: L; readonly results: R }
}

/** A head's functions without knowledge of their types, for the detector that merges the heads of a record. */
export const functionsOf = (head: AnyRoiHead): RoiHead<number, unknown, object, Losses, object> =>
  // Every AnyRoiHead is a RoiHead: its symbol-typed field can be declared by no other interface. The record's types say what its fields are.
  head as unknown as RoiHead<number, unknown, object, Losses, object>

/** The heads of a detector by name: a box head, and any others. */
export interface Heads {
  readonly box: BoxHead
  readonly [name: string]: BoxHead | AnyRoiHead
}

type TypesOf<H> = H extends { readonly [types]?: infer T } ? Exclude<T, undefined> : never
type Others<H extends Heads> = { readonly [K in keyof H as K extends 'box' ? never : K]: TypesOf<H[K]> }
type FieldOf<H extends Heads, F extends string> = { readonly [K in keyof Others<H>]: Others<H>[K] extends { readonly [P in F]: infer V } ? V : never }
type Intersection<U> = (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void ? I : never
type Merged<R> = Intersection<R[keyof R]>
type Plain<T> = { readonly [K in keyof T]: T[K] }

/** The channels a head takes: `number` for any. */
export type HeadChannels<H> = TypesOf<H> extends { readonly channels: infer C extends number } ? C : number
/** The classes a box head is made for: `number` for any. */
export type HeadClasses<H> = TypesOf<H> extends { readonly classes: infer K extends number } ? K : number
/** What the heads of a record must know of an image's objects. */
export type ItemOf<H extends Heads> = [keyof Others<H>] extends [never] ? unknown : Merged<FieldOf<H, 'item'>>
/** The targets of the heads of a record, by name. */
export type TargetsOf<H extends Heads> = FieldOf<H, 'values'>
/** The losses of the heads of a record, the box head's included. */
export type LossesOf<H extends Heads> = (TypesOf<H['box']> extends { readonly losses: infer L } ? L : unknown) &
  ([keyof Others<H>] extends [never] ? unknown : Merged<FieldOf<H, 'losses'>>)
/** The results of the heads of a record, beside boxes, scores and labels. */
export type ResultsOf<H extends Heads> = [keyof Others<H>] extends [never] ? unknown : Merged<FieldOf<H, 'results'>>
/** A type written out, for messages and hovers. */
export type Simplified<T> = Plain<T>
