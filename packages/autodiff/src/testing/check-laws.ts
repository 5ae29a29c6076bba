import { DerivativeError, isHostValue, leavesOf, mapLeaves, messageOf, placeholder, scalar, tensorsOf } from '@tabula/tensor'
import type { HostValue, TensorsOf } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { argumentsOf, movedLeaves, Refused } from './gradients/point.js'
import type { VectorFunction } from './gradients/point.js'
import { smallestPoint } from './gradients/smaller-points.js'
import { another, stackedLoop } from './laws/batching.js'
import { chainRule, jvpIsLinear, modesAgree, productRule, sameFunction, vjpIsLinear } from './laws/derivative-laws.js'
import type { DerivativeLaw } from './laws/derivative-laws.js'
import { compareSides } from './laws/equality.js'
import type { Compared, Equation } from './laws/equality.js'
import { treeSource } from './program-source.js'
import { randomNumbers } from './random.js'
import type { RandomNumbers } from './random.js'

/** A law that every differentiable function obeys. */
export type LawName = 'vjpLinear' | 'jvpLinear' | 'modesAgree' | 'chainRule' | 'productRule' | 'vmapLoop'

/** A law of layers, as arrows of a category. */
export type CategoryLawName = 'leftIdentity' | 'rightIdentity' | 'associativity'

/** Where and how often laws are checked. */
export interface LawCheck<At, Law = LawName> {
  /** The point: a tree of host values. */
  readonly at: At
  /** Which laws (all). */
  readonly laws?: readonly Law[]
  /** How often each, with other random directions, cotangents, factors and batches (4). */
  readonly runs?: number
  /** Largest difference, relative to the largest number of either side (1e-9). */
  readonly tolerance?: number
  /** Chooses what is random (0). */
  readonly seed?: number
  /** Whether a violation is made as small as possible before it is reported (true). */
  readonly shrink?: boolean
}

/** What a check of laws that hold has seen. */
export interface LawReport {
  /** Numbers compared, over all laws and runs. */
  readonly comparisons: number
  readonly largestError: number
  /** Laws that could not be checked, and why: no derivative of the kind they speak of, or a point that the interpreter refuses. */
  readonly skipped: readonly string[]
}

/** A law that does not hold. */
export interface LawViolation<At = unknown, Law = LawName> {
  readonly _tag: 'LawViolation'
  readonly law: Law
  /** Where: a tree like the one given, as small and simple as the violation allows. */
  readonly at: At
  /** Which result, or which argument's derivative; or that building one side throws. */
  readonly of: string
  /** Both sides, where they could be built. */
  readonly expected: HostValue | undefined
  readonly found: HostValue | undefined
  readonly message: string
}

const statements: Readonly<Record<LawName | CategoryLawName, string>> = {
  vjpLinear: 'a pullback is linear: pullback(a·u + b·w) = a·pullback(u) + b·pullback(w)',
  jvpLinear: 'a derivative is linear in the direction: J(a·v + b·w) = a·J·v + b·J·w',
  modesAgree: 'forward and reverse mode are transposes: ⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩',
  chainRule: 'the derivative of g ∘ f is that of g at f, after that of f',
  productRule: 'the derivative of f·g is f′·g + f·g′',
  vmapLoop: 'vmap(f) is f of each example, stacked',
  leftIdentity: 'compose(identity, f) = f',
  rightIdentity: 'compose(f, identity) = f',
  associativity: 'compose(compose(f, g), h) = compose(f, compose(g, h))'
}

const derivativeLaws: { readonly [L in Exclude<LawName, 'vmapLoop'>]: DerivativeLaw } = {
  vjpLinear: vjpIsLinear,
  jvpLinear: jvpIsLinear,
  modesAgree,
  chainRule,
  productRule
}

const lawNames: readonly LawName[] = ['vjpLinear', 'jvpLinear', 'modesAgree', 'chainRule', 'productRule', 'vmapLoop']
const categoryLawNames: readonly CategoryLawName[] = ['leftIdentity', 'rightIdentity', 'associativity']

const vectorFunction =
  <At>(f: (args: TensorsOf<At>) => unknown, at: At): VectorFunction =>
  (variables) =>
    tensorsOf(f(argumentsOf(at, variables))).filter(({ dtype }) => dtype === 'f32')

/** Compares both sides of equations between programs of the floating-point leaves. */
const compareAt = <At>(at: At, relative: number, equationsOf: (x: Parameters<VectorFunction>[0]) => readonly Equation[]): Compared => {
  const leaves = movedLeaves(at)
  const x = leaves.map(({ leaf }, index) => placeholder(`x${index}`, leaf))
  return compareSides(equationsOf(x), relative, x, leaves.map(({ leaf }) => leaf))
}

const compareBatches = <At>(f: (args: TensorsOf<At>) => unknown, at: At, relative: number, random: RandomNumbers): Compared => {
  const leaves = leavesOf(at, isHostValue).map(({ leaf }) => leaf)
  const mapped = leaves.map(() => random.below(3) > 0)
  const some = mapped.includes(true) ? mapped : leaves.map(() => true)
  const equationsOf = stackedLoop(
    (...tensors) => {
      let next = 0
      // Every host value became a tensor of its type; that is what TensorsOf states.
      return tensorsOf(f(mapLeaves(at, isHostValue, () => tensors[next++]) as TensorsOf<At>))
    },
    leaves,
    some,
    (operand, example) => another(leaves[operand] ?? scalar(0), example),
    random,
    2
  )
  return compareSides(equationsOf, relative)
}

type Outcome<At, Law> =
  | { readonly _tag: 'holds'; readonly compared: Compared }
  | { readonly _tag: 'skipped'; readonly reason: string }
  | { readonly _tag: 'violated'; readonly violation: LawViolation<At, Law> }

/** One law at one point. What is thrown while a side is built counts: a derivative of the wrong shape is no derivative. */
const outcomeOf = <At, Law extends LawName | CategoryLawName>(law: Law, at: At, compare: () => Compared): Outcome<At, Law> => {
  const violated = (of: string, expected?: HostValue, found?: HostValue): Outcome<At, Law> => {
    const sides = expected === undefined || found === undefined ? '' : ` is ${treeSource(found)}, and should be ${treeSource(expected)}`
    const message = `${law}: ${statements[law]}. Here it does not hold: ${of}${sides}, at ${treeSource(at)}`
    return { _tag: 'violated', violation: { _tag: 'LawViolation', law, at, of, expected, found, message } }
  }
  try {
    const compared = compare()
    const { difference } = compared
    return difference === undefined ? { _tag: 'holds', compared } : violated(difference.of, difference.expected, difference.found)
  } catch (thrown) {
    if (thrown instanceof Refused || thrown instanceof DerivativeError) return { _tag: 'skipped', reason: `${law}: ${thrown.message}` }
    return violated(messageOf(thrown))
  }
}

interface Settings<At, Law> extends LawCheck<At, Law> {
  readonly laws: readonly Law[]
  readonly compare: (law: Law, at: At, relative: number, random: RandomNumbers) => Compared
}

const checkAll = <At, Law extends LawName | CategoryLawName>({
  at,
  laws,
  runs = 4,
  tolerance = 1e-9,
  seed = 0,
  shrink = true,
  compare
}: Settings<At, Law>): E.Either<LawViolation<At, Law>, LawReport> => {
  let [comparisons, largestError] = [0, 0]
  const skipped = new Set<string>()
  for (const law of laws) {
    for (let index = 0; index < runs; index++) {
      const check = (point: At): Outcome<At, Law> => outcomeOf(law, point, () => compare(law, point, tolerance, randomNumbers(seed + index)))
      const outcome = check(at)
      if (outcome._tag === 'skipped') skipped.add(outcome.reason)
      else if (outcome._tag === 'holds') {
        comparisons += outcome.compared.comparisons
        largestError = Math.max(largestError, outcome.compared.largestError)
      } else {
        const { violation } = outcome
        // A smaller point that is refused in another way shows something else.
        const find = (point: At): LawViolation<At, Law> | undefined => {
          const smaller = check(point)
          const same = smaller._tag === 'violated' && (smaller.violation.expected === undefined) === (violation.expected === undefined)
          return same ? smaller.violation : undefined
        }
        return E.left(shrink && violation.expected !== undefined ? smallestPoint(violation, (found) => found.at, find) : violation)
      }
    }
  }
  return E.right({ comparisons, largestError, skipped: [...skipped] })
}

/**
 * Checks laws that hold for every differentiable function, whatever it computes, at a point: derivatives are linear, forward and
 * reverse mode are transposes, the chain and the product rule (with a smooth function made up for the purpose), and `vmap` is the
 * stacked loop. Unlike `checkGradients` it asks no difference quotient, so it is exact up to rounding and knows no kinks; it does not
 * tell whether a derivative that keeps all laws is the right one.
 *
 * `Left` is a law that does not hold, at the smallest point found. f takes and answers any trees.
 */
export const checkLaws = <At>(f: (args: TensorsOf<At>) => unknown, check: LawCheck<At>): E.Either<LawViolation<At>, LawReport> =>
  checkAll({
    ...check,
    laws: check.laws ?? lawNames,
    compare: (law, at, relative, random) =>
      law === 'vmapLoop'
        ? compareBatches(f, at, relative, random)
        : compareAt(at, relative, (x) => derivativeLaws[law](vectorFunction(f, at), x, random))
  })

/** Things that compose, such as layers, as arrows of a category. */
export interface Category<Arrow, At> {
  readonly identity: Arrow
  /** First one, then the other. */
  readonly compose: (first: Arrow, second: Arrow) => Arrow
  /** What an arrow computes. Arrows with parameters get them here, by names or keys that do not depend on how they were composed. */
  readonly run: (arrow: Arrow) => (args: TensorsOf<At>) => unknown
}

/**
 * Checks that composition has an identity and is associative, by what three arrows that can be composed in this order compute at a
 * point, and by the derivatives of that in both modes.
 *
 * `Left` is a law that does not hold, at the smallest point found.
 */
export const checkCategoryLaws = <Arrow, At>(
  { identity, compose, run }: Category<Arrow, At>,
  [f, g, h]: readonly [Arrow, Arrow, Arrow],
  check: LawCheck<At, CategoryLawName>
): E.Either<LawViolation<At, CategoryLawName>, LawReport> => {
  const sides: Readonly<Record<CategoryLawName, readonly [Arrow, Arrow]>> = {
    leftIdentity: [f, compose(identity, f)],
    rightIdentity: [f, compose(f, identity)],
    associativity: [compose(f, compose(g, h)), compose(compose(f, g), h)]
  }
  return checkAll({
    ...check,
    laws: check.laws ?? categoryLawNames,
    compare: (law, at, relative, random) => {
      const [one, other] = sides[law]
      return compareAt(at, relative, (x) => sameFunction(vectorFunction(run(one), at), vectorFunction(run(other), at), x, random))
    }
  })
}
