import { DerivativeError } from '@tabula/tensor'
import type { Abstract } from '@tabula/tensor'
import type { RandomNumbers } from '../random.js'
import { randomNumbers } from '../random.js'
import { awayFromZero, compareAlong, directionAt, mapNumbers, numbersFor } from './compare.js'
import type { Along, Closeness, Disagreement, KinkAt } from './compare.js'
import { againstCotangent, alongDirection, derivativesOf } from './derivatives.js'
import type { Derivatives, Mode } from './derivatives.js'
import type { Numbers, VectorFunction } from './point.js'

/** What to check of a function at a point. */
export interface Plan extends Closeness {
  /** Derivatives of these orders. */
  readonly orders: readonly number[]
  /** Directions for each function of each order. */
  readonly directions: number
  readonly seed: number
}

/** A derivative that is wrong: of which function, and where. */
export interface Wrong extends Disagreement {
  readonly order: number
  /** The modes by which the function whose derivative is wrong was itself derived, innermost first. */
  readonly derivedBy: readonly Mode[]
  readonly derivatives: Derivatives
  /** What was thrown where the derivative cannot even be built; both numbers are then NaN. */
  readonly refused?: Error
}

/** A coordinate without a derivative, and of which order. */
export interface OrderedKink extends KinkAt {
  readonly order: number
}

/** What a check saw. */
export interface Finding {
  readonly wrong: Wrong | undefined
  readonly kinks: readonly OrderedKink[]
  /** Points at which pieces of the program happen to fit together. */
  readonly seams: number
  readonly comparisons: number
  readonly largestError: number
  /** Modes that could not be checked, and why: a derivative that is given for one mode only and not linear. */
  readonly skipped: readonly string[]
}

interface Derived {
  readonly f: VectorFunction
  readonly by: readonly Mode[]
}

const isUniform = (by: readonly Mode[]): boolean => by.every((mode) => mode === by[0])
const isAlternating = (by: readonly Mode[]): boolean => by.every((mode, index) => index === 0 || mode !== by[index - 1])

/**
 * Checks the derivatives of f at x, order by order. Those of order k are the first derivatives of functions derived k − 1 times: in
 * every combination of modes up to order 3, then in one mode throughout or in turn. Where there is a kink, neighbours of x are
 * checked in its place. Stops at the first that is wrong.
 */
export const checkAt = (f: VectorFunction, shapes: readonly Abstract[], x: Numbers, plan: Plan): Finding => {
  const random = randomNumbers(plan.seed)
  const kinks = new Map<string, OrderedKink>()
  const skipped = new Set<string>()
  let [seams, comparisons, largestError] = [0, 0, 0]
  const finding = (wrong: Wrong | undefined): Finding => ({ wrong, kinks: [...kinks.values()], seams, comparisons, largestError, skipped: [...skipped] })
  let level: readonly Derived[] = [{ f, by: [] }]
  const last = Math.max(0, ...plan.orders)
  for (let order = 1; order <= last; order++) {
    const next: Derived[] = []
    for (const { f: g, by } of level) {
      const derivatives = derivativesOf(g, shapes, plan.modes)
      const usable = plan.modes.filter((mode) => !derivatives.refusals.has(mode))
      for (const [mode, error] of derivatives.refusals) {
        skipped.add(`${mode} mode, order ${order}: ${error.message}`)
        if (usable.length > 0 && error instanceof DerivativeError) continue
        const nothing = { comparison: mode, point: x, direction: [], cotangent: [], expected: NaN, found: NaN }
        return finding({ ...nothing, order, derivedBy: by, derivatives, refused: error })
      }
      const count = plan.orders.includes(order) ? plan.directions : 0
      for (let index = 0; index < count; index++) {
        const known = [...kinks.values()].filter((kink) => kink.order < order)
        for (const along of alongAndBeside(derivatives, x, random, index % 2 === 1, { ...plan, modes: usable }, known)) {
          comparisons += along.comparisons
          largestError = Math.max(largestError, along.largestError)
          along.kinks.forEach((kink) => kinks.set(`${order},${kink.leaf},${kink.element}`, { ...kink, order }))
          if (along.seam) seams++
          if (along.disagreement !== undefined) {
            return finding({ ...along.disagreement, order, derivedBy: by, derivatives })
          }
        }
      }
      if (order === last) continue
      for (const mode of usable) {
        const derivedBy = [...by, mode]
        const fixed = mode === 'forward' ? directionAt(x, random, false) : numbersFor(derivatives.results, () => awayFromZero(random))
        if (!isUniform(derivedBy) && !isAlternating(derivedBy)) continue
        next.push({ f: mode === 'forward' ? alongDirection(g, fixed) : againstCotangent(g, fixed), by: derivedBy })
      }
    }
    level = next
  }
  return finding(undefined)
}

/** The comparison at x, and, where x has a kink, at up to two neighbours that have none. */
function* alongAndBeside(
  derivatives: Derivatives,
  x: Numbers,
  random: RandomNumbers,
  odd: boolean,
  closeness: Closeness,
  known: readonly KinkAt[]
): Generator<Along> {
  const here = compareAlong(derivatives, x, directionAt(x, random, odd), random, closeness, known)
  yield here
  const kinks = [...known, ...here.kinks]
  if (here.disagreement !== undefined || (kinks.length === 0 && !here.seam)) return
  let smooth = 0
  for (let attempt = 0; attempt < 6 && smooth < 2; attempt++) {
    const beside = neighbour(x, kinks, random)
    const there = compareAlong(derivatives, beside, directionAt(beside, random, odd), random, closeness)
    if (there.kinks.length === 0 && !there.seam) smooth++
    // Its kinks are not those of the point that was asked for.
    yield { ...there, kinks: [], seam: false }
  }
}

/** A point some hundredths away along the coordinates with kinks; along all where none is known. */
const neighbour = (x: Numbers, kinks: readonly KinkAt[], random: RandomNumbers): Numbers =>
  mapNumbers(x, (number, l, e) =>
    kinks.length === 0 || kinks.some(({ leaf, element }) => leaf === l && element === e)
      ? number + random.uniform(0.03, 0.09) * (random.below(2) === 0 ? -1 : 1) * Math.max(Math.abs(number), 0.1)
      : number
  )
