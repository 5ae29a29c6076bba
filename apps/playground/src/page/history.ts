import type { NormName } from '../detector/detector.js'

/** A point of a curve: step and value. */
export type Point = readonly [step: number, value: number]

/** What is known of the newest training with one norm. */
export interface Curves {
  readonly loss: readonly Point[]
  /** Per cent of the watched objects. */
  readonly found: readonly Point[]
  /** The step at which the loss was no number any more. */
  readonly diverged: number | undefined
}

/** The newest training with each norm, so that they can be compared. */
export type History = Readonly<Partial<Record<NormName, Curves>>>

const noCurves: Curves = { loss: [], found: [], diverged: undefined }

/** The share of the newest loss in the mean that is drawn. */
const smoothing = 0.05

/** With a new training of a norm, in place of the one before. */
export const begun = (history: History, norm: NormName): History => ({ ...history, [norm]: noCurves })

/** With the loss of a step, as a running mean; a loss that is no number ends the curve. */
export const withLoss = (history: History, norm: NormName, step: number, loss: number): History => {
  const curves = history[norm] ?? noCurves
  if (!Number.isFinite(loss)) return { ...history, [norm]: { ...curves, diverged: step } }
  const last = curves.loss.at(-1)?.[1]
  return { ...history, [norm]: { ...curves, loss: [...curves.loss, [step, last === undefined ? loss : last + smoothing * (loss - last)]] } }
}

/** With what was found after a step. */
export const withFound = (history: History, norm: NormName, step: number, percent: number): History => {
  const curves = history[norm] ?? noCurves
  return { ...history, [norm]: { ...curves, found: [...curves.found, [step, percent]] } }
}
