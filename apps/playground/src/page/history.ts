import type { NormName } from '../detector/detector.js'
import type { Score } from '../protocol.js'

/** A point of a curve: step and value. */
export type Point = readonly [step: number, value: number]

/** What is known of the newest training with one norm. */
export interface Curves {
  readonly step: number
  readonly loss: readonly Point[]
  /** Average precision in per cent. */
  readonly ap: readonly Point[]
  /** The newest score. */
  readonly score: Score | undefined
  /** The step at which the loss left all bounds. */
  readonly diverged: number | undefined
}

/** The newest training with each norm, so that they can be compared. */
export type History = Readonly<Partial<Record<NormName, Curves>>>

const noCurves: Curves = { step: 0, loss: [], ap: [], score: undefined, diverged: undefined }

/** The share of the newest loss in the mean that is drawn. */
const smoothing = 0.05

const changed = (history: History, norm: NormName, change: (curves: Curves) => Partial<Curves>): History => {
  const curves = history[norm] ?? noCurves
  return { ...history, [norm]: { ...curves, ...change(curves) } }
}

/** With a new training of a norm, in place of the one before. */
export const begun = (history: History, norm: NormName): History => ({ ...history, [norm]: noCurves })

/** With the loss of a step, as a running mean. A loss that is no number ends the curve: that detector finds nothing any more. */
export const withLoss = (history: History, norm: NormName, step: number, loss: number): History =>
  changed(history, norm, (curves) => {
    if (!Number.isFinite(loss)) return { step, diverged: step, ap: [...curves.ap, [step, 0]], score: { ap: 0, ap50: 0 } }
    const last = curves.loss.at(-1)?.[1]
    return { step, loss: [...curves.loss, [step, last === undefined ? loss : last + smoothing * (loss - last)]] }
  })

/** With the score after a step. */
export const withScore = (history: History, norm: NormName, step: number, score: Score): History =>
  changed(history, norm, ({ ap }) => ({ ap: [...ap, [step, score.ap]], score }))

/** Without what came after a step: training goes on from there. */
export const backTo = (history: History, norm: NormName, step: number): History => {
  const until = (points: readonly Point[]): readonly Point[] => points.filter(([at]) => at <= step)
  return changed(history, norm, ({ loss, ap }) => ({ step, loss: until(loss), ap: until(ap), diverged: undefined }))
}

/** What a training has come to, in words. */
export const verdictOf = ({ step, score, diverged }: Curves): string => {
  if (diverged !== undefined) return `diverged at step ${diverged}`
  if (score === undefined || step < 60) return 'too early to say'
  if (score.ap50 >= 50) return 'learns'
  return score.ap50 >= 5 ? 'learns slowly' : 'finds nothing'
}
