import { messageOf } from '@tabula/tensor'
import type { Place } from './place.js'
import type { CheckName, Finding, Mode } from './task.js'

/** A finding about one primitive. */
export type PrimitiveFinding = Extract<Finding, { readonly _tag: 'primitive' }>

/** What was found in one mode: a finding for each primitive, or why the mode does not run there. */
export interface ModeFindings {
  readonly primitives: readonly PrimitiveFinding[]
  readonly missing?: string
  /** What was not begun in time. */
  readonly left: readonly CheckName[]
}

/** How a mode is checked. */
export interface ConformanceSettings {
  readonly runs: number
  readonly seed: number
  /** A page or process begins no primitive later than this. */
  readonly shift: number
  /** A page or process is ended after this. */
  readonly limit: number
  /** No page or process is begun after this time (of `Date.now`). */
  readonly deadline: number
}

const differing = (name: CheckName, message: string, milliseconds: number): PrimitiveFinding => ({ _tag: 'primitive', name, outcome: 'differs', place: 'device', kernels: 0, milliseconds, message })

/**
 * Checks primitives in one mode: page after page (or process after process), each for a short while, so that what one leaves behind
 * or breaks does not reach the next. A primitive under which a page ends early counts as differing.
 */
export const conformanceIn = async (place: Place, mode: Mode, names: readonly CheckName[], settings: ConformanceSettings): Promise<ModeFindings> => {
  const primitives: PrimitiveFinding[] = []
  let left = names
  let missing: string | undefined
  while (left.length > 0 && missing === undefined && Date.now() < settings.deadline) {
    const before = primitives.length
    const started = Date.now()
    const hear = (finding: Finding): void => {
      if (finding._tag === 'primitive') primitives.push(finding)
      if (finding._tag === 'missing') missing = finding.reason
    }
    let failure: string | undefined
    try {
      await place.work({ mode, primitives: left, runs: settings.runs, seed: settings.seed, milliseconds: settings.shift }, hear, settings.limit)
    } catch (thrown) {
      failure = messageOf(thrown)
    }
    left = left.slice(primitives.length - before)
    const [culprit] = left
    if (culprit !== undefined && failure !== undefined) {
      primitives.push(differing(culprit, failure, Date.now() - started))
      left = left.slice(1)
    }
  }
  return missing === undefined ? { primitives, left } : { primitives, left, missing }
}
