import type { ApTable } from '../evaluate/index.js'
import type { Config } from '../config/index.js'
import type { Failure } from '../failure.js'

/** Images, objects and pixels that training has seen, counted from the first step of the run. */
export interface Seen {
  readonly images: number
  readonly instances: number
  readonly pixels: number
}

/** What happens in a training run, in order. Steps count from 1: step n is the state after n updates. */
export type TrainingEvent =
  | {
      readonly type: 'started'
      readonly step: number
      readonly steps: number
      readonly device: string
      readonly reason: string
      readonly parameters: number
      readonly trainImages: number
      readonly validationImages: number
      readonly config: Config
    }
  /** A program was compiled for a batch of a new size. `notes` say what the device chose, and why it fell back where it did. */
  | { readonly type: 'compiled'; readonly step: number; readonly engine: string; readonly milliseconds: number; readonly notes: readonly string[] }
  | {
      readonly type: 'step'
      readonly step: number
      readonly losses: Readonly<Record<string, number>>
      readonly learningRate: number
      readonly seen: Seen
      /** Of this step: time for everything, and the part of it spent waiting for images and their targets. */
      readonly milliseconds: number
      readonly dataMilliseconds: number
      readonly imagesPerSecond: number
    }
  | { readonly type: 'evaluating'; readonly step: number; readonly done: number; readonly images: number }
  | { readonly type: 'evaluated'; readonly step: number; readonly table: ApTable; readonly seconds: number }
  | { readonly type: 'checkpointed'; readonly step: number; readonly path: string }
  | { readonly type: 'stopped'; readonly step: number }
  | { readonly type: 'finished'; readonly step: number; readonly seen: Seen; readonly seconds: number }
  | { readonly type: 'failed'; readonly step: number; readonly failure: Failure }
