import type { NormName } from './detector/detector.js'
import type { Scene } from './scenes/scene.js'

/** What a training can be started with. */
export interface Settings {
  readonly norm: NormName
  readonly learningRate: number
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

/** How many of the watched scenes' objects are found: right class, overlap of at least one half. */
export interface Score {
  readonly found: number
  readonly of: number
}

/** The files of a training run's folder that detection needs. */
export interface RunFiles {
  readonly name: string
  readonly config: string
  readonly checkpoint: ArrayBuffer
}

/** What the page asks of the worker. */
export type Request =
  | { readonly _tag: 'open'; readonly mode: string }
  | { readonly _tag: 'start' }
  | { readonly _tag: 'pause' }
  | { readonly _tag: 'reset'; readonly settings: Settings }
  | { readonly _tag: 'learningRate'; readonly value: number }
  | { readonly _tag: 'run'; readonly files: RunFiles }
  | { readonly _tag: 'photograph'; readonly name: string; readonly file: Blob }

/** What the worker tells the page. */
export type Report =
  | { readonly _tag: 'device'; readonly mode: string; readonly adapter: string; readonly software: boolean; readonly rejected: readonly string[] }
  | { readonly _tag: 'compiled'; readonly kernels: number }
  | { readonly _tag: 'phase'; readonly phase: Phase }
  | { readonly _tag: 'plan'; readonly lines: readonly string[] }
  | { readonly _tag: 'step'; readonly step: number; readonly loss: number; readonly imagesPerSecond: number }
  | { readonly _tag: 'watched'; readonly step: number; readonly scenes: readonly WatchedScene[]; readonly score: Score }
  | { readonly _tag: 'run'; readonly name: string; readonly step: number; readonly classes: readonly string[] }
  | { readonly _tag: 'photograph'; readonly name: string; readonly image: ImageBitmap; readonly overlay: ImageData; readonly found: readonly Found[]; readonly classes: readonly string[]; readonly milliseconds: number }
  | { readonly _tag: 'problem'; readonly about: 'device' | 'training' | 'run' | 'photograph'; readonly message: string }
