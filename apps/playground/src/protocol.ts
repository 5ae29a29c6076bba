import type { NormName } from './detector/detector.js'
import type { TrainingState } from '@tabula/detection'
import type { Scene } from './scenes/scene.js'

/** What a training can be started with. */
export interface Settings {
  readonly norm: NormName
  readonly learningRate: number
}

/** A training as it stood after a step: what is needed to go on, on this device or on another. */
export interface Snapshot {
  readonly norm: NormName
  readonly step: number
  readonly state: TrainingState
}

/** Where training stands. */
export type Phase = 'opening' | 'idle' | 'compiling' | 'training' | 'paused' | 'diverged' | 'failed'

/** A box found in an image, in the pixels of that image. */
export interface Found {
  readonly label: number
  readonly score: number
  readonly box: readonly [number, number, number, number]
}

/** A watched scene with what the detector finds in it. */
export interface WatchedScene {
  readonly scene: Scene
  readonly found: readonly Found[]
}

/** COCO's average precision of boxes in the watched scenes, in per cent: the mean over overlaps from 0.5 to 0.95, and at 0.5 alone. */
export interface Score {
  readonly ap: number
  readonly ap50: number
}

/** The files of a training run's folder that detection needs. */
export interface RunFiles {
  readonly name: string
  readonly config: Blob
  readonly checkpoint: Blob
}

/**
 * What the page asks of the worker. A training has a number, which its reports carry, so that what an old one still reports is told from
 * what the newest does.
 */
export type Request =
  | { readonly _tag: 'open'; readonly mode: string }
  | { readonly _tag: 'begin'; readonly training: number; readonly settings: Settings; readonly from?: Snapshot }
  | { readonly _tag: 'start' }
  | { readonly _tag: 'pause' }
  | { readonly _tag: 'learningRate'; readonly value: number }
  | { readonly _tag: 'run'; readonly files: RunFiles }
  | { readonly _tag: 'photograph'; readonly name: string; readonly file: Blob }

/** Which mode runs, on what, and why others were not taken. */
export interface DeviceReport {
  readonly mode: string
  readonly adapter: string
  readonly software: boolean
  readonly rejected: readonly string[]
}

/** Kernels compiled so far for the program at hand, of how many, and the seconds since it began. */
export interface CompileReport {
  readonly kernels: number
  readonly of: number
  readonly seconds: number
}

/** A photograph with what was found in it: boxes, and a picture of the masks to lay over it. */
export interface PhotographReport {
  readonly name: string
  readonly image: ImageBitmap
  readonly overlay: ImageData
  readonly found: readonly Found[]
  /** The detection with the best score, even where that is too low to be shown. */
  readonly best: Found | undefined
  readonly classes: readonly string[]
  readonly seconds: number
}

/** What the worker tells the page. */
export type Report =
  | ({ readonly _tag: 'device' } & DeviceReport)
  | { readonly _tag: 'phase'; readonly training: number; readonly phase: Phase }
  | ({ readonly _tag: 'compiled'; readonly about: 'training' | 'run' } & CompileReport)
  | { readonly _tag: 'plan'; readonly lines: readonly string[] }
  | { readonly _tag: 'scenes'; readonly training: number; readonly scenes: readonly Scene[] }
  | { readonly _tag: 'step'; readonly training: number; readonly step: number; readonly loss: number; readonly imagesPerSecond: number }
  | { readonly _tag: 'watched'; readonly training: number; readonly shown: readonly WatchedScene[]; readonly score: Score; readonly snapshot: Snapshot }
  | { readonly _tag: 'run'; readonly name: string; readonly step: number; readonly classes: readonly string[] }
  | { readonly _tag: 'looking'; readonly name: string }
  | ({ readonly _tag: 'photograph' } & PhotographReport)
  | { readonly _tag: 'problem'; readonly about: 'device' | 'training' | 'run' | 'photograph'; readonly message: string }
