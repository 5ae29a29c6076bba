import type { Digit, Form } from '../../kernel/forms.js'
import { partsOf } from '../../kernel/forms.js'
import { coefficientOf } from '../../kernel/joined.js'
import type { Joined } from '../../kernel/joined.js'
import { mostFlatElements } from '../../engine/engine.js'
import { mostTerms } from '../limits.js'
import { mostDeep } from './threads.js'

/** A coordinate that is summed over, and how far one step moves in each operand. */
interface Step {
  readonly size: number
  readonly strides: readonly [number, number]
}

/** A loop of a kernel: each part of the sum takes `block` values of the coordinate, the last one what is left. */
export interface Loop extends Step {
  readonly block: number
  readonly parts: number
}

/** How a sum is computed: loops, outermost first, around terms that are written out one after the other. */
export interface Sum {
  readonly loops: readonly Loop[]
  /** Coordinates whose every value is written out, outermost first. */
  readonly taps: readonly Step[]
}

/** The most terms that are written out: the places of a 3 × 3 window. */
const mostTaps = 9

/** The most terms that one thread sums, to be taken in this order as long as there would be too many parts. */
const limits = [mostTerms, 4 * mostTerms, 12 * mostTerms] as const

/** Below so many threads, sums are cut shorter to have more of them. */
const fewThreads = 2048
const fewTerms = 512

/** The coordinates at the end that are written out: all of a window where it is small, else the window's last row. */
const written = (steps: readonly (Step & { readonly tap: boolean })[]): number => {
  let [start, terms] = [steps.length, 1]
  for (let before = steps[start - 1]; before?.tap === true && terms * before.size <= mostTaps; before = steps[start - 1]) {
    terms *= before.size
    start--
  }
  return start
}

/**
 * Plans a sum along coordinates. No thread sums more than about `most` terms: longer sums are left in parts, of which there are
 * as many as the product of the loops' `parts`.
 */
const planned = (inner: readonly Joined[], forms: readonly [Form, Form], taps: readonly Digit[], most: number): Sum => {
  const tapParts = new Set(taps.flatMap(partsOf))
  const steps = inner.map(({ size, last }) => ({ size, strides: [coefficientOf(forms[0], last), coefficientOf(forms[1], last)] as const, tap: tapParts.has(last) }))
  const end = written(steps)
  let room = Math.max(1, Math.floor(most / steps.slice(end).reduce((product, { size }) => product * size, 1)))
  const loops: Loop[] = []
  for (const { size, strides } of steps.slice(0, end).reverse()) {
    const parts = Math.ceil(size / Math.min(size, room))
    const block = Math.ceil(size / parts)
    loops.unshift({ size, strides, block, parts: Math.ceil(size / block) })
    room = Math.max(1, Math.floor(room / block))
  }
  return { loops, taps: steps.slice(end) }
}

/** In how many parts a sum is left. */
export const partsOfSum = ({ loops }: Sum): number => loops.reduce((product, { parts }) => product * parts, 1)

/**
 * Plans the sum of so many threads, of which `deep` are along z, where the parts are too. A round of the loops adds `terms` at once. `undefined` where
 * there would be too many parts.
 */
export const plannedFor = (inner: readonly Joined[], forms: readonly [Form, Form], taps: readonly Digit[], threads: number, deep: number, terms = 1): Sum | undefined =>
  (threads < fewThreads ? [fewTerms, ...limits] : limits)
    .map((most) => planned(inner, forms, taps, Math.max(1, Math.floor(most / terms))))
    .find((sum) => partsOfSum(sum) * threads <= mostFlatElements && partsOfSum(sum) * deep <= mostDeep)
