import type { Dim, SameDim, ShapeMismatch, Tensor } from '@tabula/tensor'

/** What the compiler knows of one feature map: its channels, and how many pixels of the image a cell is wide and high. */
export interface Level<C extends number = number, S extends number = number> {
  readonly channels: C
  readonly stride: S
}

/** The maps of a backbone, finest first. A tuple where their number is known. */
export type Levels = readonly Level[]

/** `'H/8'` for stride 8; anything for a stride the compiler does not know. */
export type SizeAt<Axis extends string, S extends number> = number extends S ? Dim : S extends 1 ? Axis : `${Axis}/${S}`

/** A level's map: `['N', 256, 'H/8', 'W/8']` for 256 channels at stride 8. */
export type MapOf<L extends Level> = Tensor<readonly ['N', L['channels'], SizeAt<'H', L['stride']>, SizeAt<'W', L['stride']>], 'f32'>

/** The maps of all levels, as a tuple where their number is known. */
export type MapsOf<Ls extends Levels> = { readonly [K in keyof Ls]: MapOf<Ls[K]> }

interface Doubled {
  readonly 1: 2
  readonly 2: 4
  readonly 3: 6
  readonly 4: 8
  readonly 6: 12
  readonly 8: 16
  readonly 12: 24
  readonly 16: 32
  readonly 24: 48
  readonly 32: 64
  readonly 48: 96
  readonly 64: 128
  readonly 96: 192
  readonly 128: 256
  readonly 192: 384
  readonly 256: 512
  readonly 384: 768
  readonly 512: 1024
  readonly 1024: 2048
  readonly 2048: 4096
}

/** Twice a number, of those that channels and strides usually are; else `number`. */
export type Twice<X extends number> = X extends keyof Doubled ? Doubled[X] : number

/** Image pixels per cell of the coarsest map; `number` where the levels are not known one by one. */
export type LastStride<Ls extends Levels> = Ls extends readonly [...unknown[], infer Last extends Level] ? Last['stride'] : number

/** `4, 8, 16`, for messages. */
export type ShowStrides<Ls extends Levels, Text extends string = ''> = Ls extends readonly [infer Head extends Level, ...infer Rest extends Levels]
  ? ShowStrides<Rest, Text extends '' ? `${Head['stride']}` : `${Text}, ${Head['stride']}`>
  : Text

/** Whether the compiler knows how many levels (or lists) there are. */
export type KnowsLength<T extends readonly unknown[]> = number extends T['length'] ? false : true

/** A sentence where a level's stride is not twice the one before: then maps cannot be added to upsampled ones. */
export type DoublingStrides<Operation extends string, Ls extends Levels, At extends readonly unknown[] = readonly []> = Ls extends readonly [
  infer A extends Level,
  infer B extends Level,
  ...infer Rest extends Levels
]
  ? SameDim<Twice<A['stride']>, B['stride']> extends true
    ? DoublingStrides<Operation, readonly [B, ...Rest], readonly [...At, unknown]>
    : ShapeMismatch<`${Operation}: level ${[...At, unknown]['length'] & number} has stride ${B['stride']} where ${Twice<A['stride']>} is expected, twice that of level ${At['length'] & number}`>
  : unknown

/** A sentence where levels differ in channels: a head that all levels share has one number of them. */
export type SharedChannels<Operation extends string, Ls extends Levels> = Ls extends readonly [infer A extends Level, infer B extends Level, ...infer Rest extends Levels]
  ? SameDim<A['channels'], B['channels']> extends true
    ? SharedChannels<Operation, readonly [B, ...Rest]>
    : ShapeMismatch<`${Operation}: the levels have ${A['channels']} and ${B['channels']} channels, but the heads they share need one number; put an fpn on the backbone`>
  : unknown

/** The channels of the first level, which are all levels' where they share heads. */
export type ChannelsOf<Ls extends Levels> = Ls extends readonly [infer A extends Level, ...unknown[]] ? A['channels'] : number
