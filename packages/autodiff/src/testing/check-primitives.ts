import { bindAll, graphOf, hostValue, messageOf, placeholder, sizeOf } from '@tabula/tensor'
import type { Attributes, HostValue, PrimitiveName, Tensor } from '@tabula/tensor'
import { instances } from '@tabula/tensor/testing'
import type { Instance as Application, Instances } from '@tabula/tensor/testing'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { pushForward } from '../forward.js'
import { pullBack } from '../reverse.js'
import { checkGradients } from './check-gradients.js'
import { showMismatch } from './gradients/mismatch.js'
import { constant, numbersOf, Refused, run } from './gradients/point.js'
import { differentiableInstances } from './instances/index.js'
import type { Instance } from './instances/instance.js'
import { batchedDerivatives } from './laws/batched-derivatives.js'
import { another, stackedLoop, subsetsOf } from './laws/batching.js'
import { compareSides } from './laws/equality.js'
import type { Compared, Equation } from './laws/equality.js'
import { treeSource } from './program-source.js'
import { randomNumbers } from './random.js'

/** One of a primitive's rules: reverse mode, forward mode, batching. */
export type RuleKind = 'vjp' | 'jvp' | 'vmap'

/** How much is asked of Tabula's own rules. */
export interface PrimitiveCheck {
  /** The same seed draws the same cases. */
  readonly seed: number
  /** Random cases of each rule of each primitive (200). */
  readonly runs?: number
  /** Which primitives (all that have a derivative, or operands that can be batched). */
  readonly primitives?: readonly PrimitiveName[]
  /** Which of their rules (all). */
  readonly rules?: readonly RuleKind[]
  /** Orders of the derivatives (1 and 2). */
  readonly orders?: readonly number[]
  /** Whether a failure is made as small as possible and printed as a test (true). Without, the first case that fails ends the check. */
  readonly shrink?: boolean
}

/** What the cases of one primitive showed. */
export interface PrimitiveReport {
  readonly primitive: PrimitiveName
  /** Random cases of its derivatives, and of its batching rule. */
  readonly cases: number
  readonly batches: number
  /** Numbers compared in all these cases. */
  readonly comparisons: number
  /** The largest error of a derivative, relative to it. */
  readonly worst: number
  /** What is wrong, where something is: for derivatives a test that fails. */
  readonly failure: string | undefined
}

type Settings = Required<Omit<PrimitiveCheck, 'primitives'>>

interface Tally {
  readonly runs: number
  readonly comparisons: number
  readonly worst: number
  readonly failure: string | undefined
}

const joined = (a: Tally, b: Tally): Tally => ({
  runs: a.runs + b.runs,
  comparisons: a.comparisons + b.comparisons,
  worst: Math.max(a.worst, b.worst),
  failure: a.failure ?? b.failure
})

const nothing: Tally = { runs: 0, comparisons: 0, worst: 0, failure: undefined }

const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Instance> => typeof entry === 'object'

/** The primitives that have a derivative to check. */
export const differentiablePrimitives: readonly PrimitiveName[] = Object.entries(differentiableInstances).flatMap(([name, entry]) =>
  // The record's keys are the primitives' names.
  isArbitrary(entry) ? [name as PrimitiveName] : []
)

/** What stopped a property: a case that fails, or an error that was thrown. */
const stopped = (thrown: unknown): string | undefined =>
  thrown === undefined || thrown === null || (thrown instanceof Error && thrown.message.startsWith('Property failed by returning false')) ? undefined : messageOf(thrown)

const derivatives = (primitive: PrimitiveName, { seed, runs, orders, rules, shrink }: Settings): Tally => {
  const entry = differentiableInstances[primitive]
  const modes = [...(rules.includes('jvp') ? (['forward'] as const) : []), ...(rules.includes('vjp') ? (['reverse'] as const) : [])]
  if (!isArbitrary(entry) || modes.length === 0) return nothing
  let [cases, comparisons, worst] = [0, 0, 0]
  const check = ({ variables, apply }: Instance, chosen: number, smaller: boolean) =>
    // The variables are the leaves of `at`, all f32.
    checkGradients((args) => apply(args as readonly Tensor[]), { at: variables, orders, modes, directions: 1, seed: chosen, shrink: smaller })
  const outcome = fc.check(
    fc.property(entry, fc.nat({ max: 0xffff }), (instance, chosen) => {
      const found = check(instance, chosen, false)
      cases++
      if (E.isLeft(found)) return false
      comparisons += found.right.comparisons
      worst = Math.max(worst, found.right.largestError)
      return true
    }),
    { seed, numRuns: runs, endOnFailure: !shrink }
  )
  if (!outcome.failed) return { runs: cases, comparisons, worst, failure: undefined }
  const describe = (): string => {
    const [instance, chosen] = outcome.counterexample ?? []
    if (instance === undefined) return 'no case was drawn'
    const found = check(instance, chosen ?? 0, shrink)
    if (E.isRight(found)) return 'passes when it is repeated'
    return found.left._tag === 'GradientMismatch' && shrink ? showMismatch(found.left) : found.left.message
  }
  return { runs: cases, comparisons, worst, failure: stopped(outcome.errorInstance) ?? describe() }
}

/** That nothing comes through a primitive whose derivative is declared to be zero, in either mode. */
const declaredZero = (primitive: PrimitiveName, { seed, runs, rules }: Settings): Tally => {
  if (differentiableInstances[primitive] !== 'declared zero') return nothing
  let [cases, comparisons] = [0, 0]
  const outcome = fc.check(
    fc.property(applicationsOf(primitive), ({ attributes, inputs }) => {
      // Integers have no derivative to speak of.
      if (inputs.some(({ dtype }) => dtype !== 'f32')) return true
      cases++
      const x = inputs.map((input, index) => placeholder(`x${index}`, input))
      const outputs = bindAll(primitive, attributes, ...x)
      const ones = (like: readonly Tensor[]): readonly Tensor[] => like.map(({ shape }) => constant(shape, new Float64Array(sizeOf(shape)).fill(1)))
      const found = [
        ...(rules.includes('jvp') ? pushForward(outputs, x, ones(x)) : []),
        ...(rules.includes('vjp') ? pullBack(outputs, ones(outputs), x) : [])
      ].filter((derivative) => derivative !== undefined)
      comparisons += outputs.length + x.length
      return run(graphOf(x, found), inputs.map(numbersOf)).every((numbers) => numbers.every((number) => number === 0))
    }),
    { seed, numRuns: runs, endOnFailure: true }
  )
  return { runs: cases, comparisons, worst: 0, failure: outcome.failed ? (stopped(outcome.errorInstance) ?? `${primitive} has a derivative that is not zero`) : undefined }
}

// The record's entry as one for any primitive.
const applicationsOf = (primitive: PrimitiveName): Instances<PrimitiveName> => instances[primitive] as Instances<PrimitiveName>

/** Other operands that fit as well: the same numbers elsewhere, and for a conditional the next branch. */
const exampleOf = (primitive: PrimitiveName, operands: readonly HostValue[]) => (operand: number, example: number): HostValue => {
  const value = operands[operand] ?? hostValue('f32', [], new Float64Array(1))
  return primitive === 'cond' && operand === 0 ? hostValue('i32', [], Int32Array.of((value.data[0] ?? 0) + example)) : another(value, example)
}

/** Compares a primitive's batching rule with the loop; `undefined` where the interpreter refuses one of the examples. */
const compareBatches = (primitive: PrimitiveName, { attributes, inputs }: Application, mapped: readonly boolean[], seed: number): Compared | undefined => {
  const apply = (...tensors: readonly Tensor[]): readonly Tensor[] => bindAll(primitive, attributes as Attributes[PrimitiveName], ...tensors)
  return compareUnlessRefused(stackedLoop(apply, inputs, mapped, exampleOf(primitive, inputs), randomNumbers(seed)), 1e-12)
}

/** Compares what `vmap` makes of something with the loop; `undefined` where the interpreter refuses the loop. */
const compareUnlessRefused = (equations: readonly Equation[], relative: number): Compared | undefined => {
  try {
    return compareSides(equations, relative)
  } catch (thrown) {
    if (thrown instanceof Refused && isRefused(equations)) return undefined
    throw thrown
  }
}

/** Whether the interpreter refuses the loop itself, and not only what `vmap` makes of it. */
const isRefused = (equations: readonly Equation[]): boolean => {
  try {
    compareSides(equations.map((equation) => ({ ...equation, found: equation.expected })), 1e-12)
    return false
  } catch (thrown) {
    if (thrown instanceof Refused) return true
    throw thrown
  }
}

const batching = (primitive: PrimitiveName, { seed, runs, rules, shrink }: Settings): Tally => {
  const unary = primitive === 'input' || primitive === 'constant' || primitive === 'iota'
  if (unary || !rules.includes('vmap')) return nothing
  let [batches, comparisons] = [0, 0]
  let failure: string | undefined
  const outcome = fc.check(
    fc.property(applicationsOf(primitive), fc.nat({ max: 0xffff }), (application, chosen) => {
      batches++
      for (const [index, mapped] of subsetsOf(application.inputs.length).entries()) {
        const compared = compareBatches(primitive, application, mapped, chosen + index)
        comparisons += compared?.comparisons ?? 0
        if (compared?.difference === undefined) continue
        const { of, expected, found } = compared.difference
        failure = `${primitive} ${treeSource(application.attributes)} of ${treeSource(application.inputs)}, operands ${mapped.flatMap((is, operand) => (is ? [operand] : [])).join(', ')} mapped: ${of} of vmap is ${treeSource(found)}, of the loop ${treeSource(expected)}`
        return false
      }
      return true
    }),
    { seed, numRuns: runs, endOnFailure: !shrink }
  )
  return { runs: batches, comparisons, worst: 0, failure: outcome.failed ? (stopped(outcome.errorInstance) ?? failure ?? 'no case was drawn') : undefined }
}

/** Compares the derivatives of a batch of a primitive's applications with those of each: rules that calls bring are batched with them. */
const batchingOfDerivatives = (primitive: PrimitiveName, { seed, runs, rules, shrink }: Settings): Tally => {
  const entry = differentiableInstances[primitive]
  if (!isArbitrary(entry) || !rules.includes('vmap')) return nothing
  let [batches, comparisons] = [0, 0]
  let failure: string | undefined
  const outcome = fc.check(
    fc.property(entry, fc.nat({ max: 0xffff }), ({ variables, apply, attributes }, chosen) => {
      const subsets = subsetsOf(variables.length)
      const mapped = subsets[chosen % Math.max(1, subsets.length)]
      if (mapped === undefined) return true
      batches++
      const f = (operands: readonly Tensor[]): readonly Tensor[] => apply(operands).filter(({ dtype }) => dtype === 'f32')
      const compared = compareUnlessRefused(batchedDerivatives(f, variables, mapped, randomNumbers(chosen)), 1e-9)
      comparisons += compared?.comparisons ?? 0
      if (compared?.difference === undefined) return true
      const { of, expected, found } = compared.difference
      failure = `${primitive} ${treeSource(attributes)} at ${treeSource(variables)}, variables ${mapped.flatMap((is, operand) => (is ? [operand] : [])).join(', ')} mapped: ${of} of vmap is ${treeSource(found)}, of the loop ${treeSource(expected)}`
      return false
    }),
    { seed, numRuns: runs, endOnFailure: !shrink }
  )
  return { runs: batches, comparisons, worst: 0, failure: outcome.failed ? (stopped(outcome.errorInstance) ?? failure ?? 'no case was drawn') : undefined }
}

/**
 * Checks the rules of one primitive on random instances: its derivatives, in both modes and with one another, to second order; that its
 * batching rule is the stacked loop, for every choice of operands that are mapped; and that the derivatives of a batch are the batch of the
 * derivatives.
 */
export const checkPrimitive = (
  primitive: PrimitiveName,
  { seed, runs = 200, rules = ['vjp', 'jvp', 'vmap'], orders = [1, 2], shrink = true }: Omit<PrimitiveCheck, 'primitives'>
): PrimitiveReport => {
  const settings = { seed, runs, rules, orders, shrink }
  const derived = isArbitrary(differentiableInstances[primitive]) ? derivatives(primitive, settings) : declaredZero(primitive, settings)
  const looped = derived.failure === undefined ? batching(primitive, settings) : nothing
  const batched = looped.failure === undefined ? joined(looped, batchingOfDerivatives(primitive, settings)) : looped
  return {
    primitive,
    cases: derived.runs,
    batches: batched.runs,
    comparisons: derived.comparisons + batched.comparisons,
    worst: derived.worst,
    failure: derived.failure ?? batched.failure
  }
}

/** Checks the rules of Tabula's primitives on random instances, one report for each primitive. */
export const checkPrimitives = ({ primitives, ...check }: PrimitiveCheck): readonly PrimitiveReport[] =>
  // The record's keys are the primitives' names.
  (primitives ?? (Object.keys(differentiableInstances) as PrimitiveName[])).map((primitive) => checkPrimitive(primitive, check))
