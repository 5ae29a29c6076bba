import { mapNumbers } from './compare.js'
import { culpritOf } from './culprit.js'
import type { Culprit } from './culprit.js'
import type { Mode } from './derivatives.js'
import { checkAt } from './levels.js'
import type { Plan, Wrong } from './levels.js'
import { moveTo, movedLeaves, numbersOf } from './point.js'
import type { Numbers, VectorFunction } from './point.js'
import { smallestPoint } from './smaller-points.js'
import { slopes } from './slopes.js'

/** A wrong derivative, and the check that shows it. */
export interface Found<At> {
  readonly at: At
  readonly wrong: Wrong
  readonly plan: Plan
  readonly culprit?: Culprit | undefined
}

/** How many checks shrinking may cost. */
const patience = 600

/**
 * The same mistake at the smallest point: fewest modes, smallest sizes, simplest values, a direction and a cotangent of a single
 * coordinate where one shows it, and the smallest part of the program that is wrong by itself.
 */
export const smallest = <At>(functionAt: (at: At) => VectorFunction, found: Found<At>): Found<At> => {
  let left = patience
  const fails = (at: At, plan: Plan): Found<At> | undefined => {
    if (left-- <= 0) return undefined
    try {
      const leaves = movedLeaves(at).map(({ leaf }) => leaf)
      const { wrong } = checkAt(functionAt(at), leaves, leaves.map(numbersOf), plan)
      // A derivative that throws is another mistake than one that is wrong.
      return wrong === undefined || (wrong.refused === undefined) !== (found.wrong.refused === undefined) ? undefined : { at, wrong, plan }
    } catch {
      // A smaller point that the function refuses, whatever its reason, is none.
      return undefined
    }
  }
  const narrowed: Plan = { ...found.plan, orders: [found.wrong.order] }
  const beside = moveTo(found.at, found.wrong.point)
  const firstThatFails = (): Found<At> | undefined => {
    for (const modes of modesFor(found)) {
      const shown = fails(beside, { ...narrowed, modes })
      if (shown !== undefined) return shown
    }
    return undefined
  }
  let best: Found<At> = firstThatFails() ?? fails(found.at, narrowed) ?? found
  best = smallestPoint(best, ({ at }) => at, (at) => fails(at, best.plan))
  const simple = { ...best, wrong: simplestDirection(best.wrong, best.plan) }
  return { ...simple, culprit: culpritOf(functionAt(simple.at), movedLeaves(simple.at).map(({ leaf }) => leaf), simple.wrong, simple.plan) }
}

/** The modes that may show the mistake, fewest first: reverse mode by itself where it does, as most rules are written for it. */
const modesFor = <At>({ wrong, plan }: Found<At>): readonly (readonly Mode[])[] =>
  wrong.comparison === 'adjoint' ? [plan.modes] : [...(['reverse', 'forward'] as const).filter((mode) => plan.modes.includes(mode)).map((mode) => [mode]), plan.modes]

/** A direction, and a cotangent, of one coordinate where they show the mistake as well. */
const simplestDirection = (wrong: Wrong, plan: Plan): Wrong => {
  if (wrong.refused !== undefined) return wrong
  const shown = { ...wrong, ...(mistake(wrong, wrong.direction, wrong.cotangent, plan) ?? {}) }
  const simpler = (like: Numbers): readonly Numbers[] =>
    like.flatMap((leaf, l) => Array.from(leaf, (number, e) => ({ number, numbers: mapNumbers(like, (_, a, b) => (a === l && b === e ? 1 : 0)) })))
      .filter(({ number }) => number !== 0)
      .slice(0, 64)
      .map(({ numbers }) => numbers)
  for (const cotangent of [...simpler(wrong.cotangent), wrong.cotangent]) {
    for (const direction of simpler(wrong.direction)) {
      const same = mistake(wrong, direction, cotangent, plan)
      if (same !== undefined) return { ...wrong, direction, cotangent, ...same }
    }
  }
  return shown
}

/** The two numbers that should be equal, where they are not. */
const mistake = (
  { comparison, derivatives, point }: Wrong,
  direction: Numbers,
  cotangent: Numbers,
  { relative, absolute }: Plan
): { readonly expected: number; readonly found: number } | undefined => {
  const along = slopes((t) => derivatives.value(point.map((leaf, l) => leaf.map((x, e) => x + t * (direction[l]?.[e] ?? 0)))), mapNumbers(derivatives.value(point), (x) => 2 ** -50 * Math.abs(x)), 4 * relative)
  const used = along.flatMap((leaf, l) => leaf.map((slope, e) => ({ slope, weight: cotangent[l]?.[e] ?? 0 }))).filter(({ weight }) => weight !== 0)
  if (used.some(({ slope }) => !slope.smooth)) return undefined
  const quotient = used.reduce((sum, { slope, weight }) => sum + weight * slope.value, 0)
  const noise = used.reduce((sum, { slope, weight }) => sum + Math.abs(weight) * slope.noise, 0)
  const pushed = comparison === 'reverse' ? quotient : dot(derivatives.forward(point, direction), cotangent)
  const pulled = comparison === 'forward' ? pushed : dot(derivatives.reverse(point, cotangent), direction)
  const [expected, found] = comparison === 'forward' ? [quotient, pushed] : comparison === 'reverse' ? [quotient, pulled] : [pushed, pulled]
  // Clearly different, not only by more than the check allows.
  const allowed = 4 * (relative * Math.max(Math.abs(expected), Number.isFinite(found) ? Math.abs(found) : 0) + noise + absolute)
  return Math.abs(found - expected) <= allowed ? undefined : { expected, found }
}

const dot = (a: Numbers, b: Numbers): number =>
  a.reduce((sum, leaf, l) => sum + leaf.reduce((partial, x, e) => ((b[l]?.[e] ?? 0) === 0 ? partial : partial + x * (b[l]?.[e] ?? 0)), 0), 0)

