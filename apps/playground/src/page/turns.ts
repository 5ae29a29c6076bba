import type { NormName } from '../detector/detector.js'

/** Trainings that follow one another, so that their curves can be compared. */
export interface Turns {
  /** The norm at hand. */
  readonly norm: NormName
  readonly next: readonly NormName[]
  /** Steps of each. */
  readonly steps: number
}

/** Turns over norms in their order; `undefined` where there are none. */
export const turnsOver = ([norm, ...next]: readonly NormName[], steps: number): Turns | undefined => (norm === undefined ? undefined : { norm, next, steps })

/** The turns after the one at hand; `undefined` after the last. */
export const afterTurn = ({ next, steps }: Turns): Turns | undefined => turnsOver(next, steps)
