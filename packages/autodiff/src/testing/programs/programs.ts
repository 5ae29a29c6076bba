import { bind, graphOf, placeholder, sizeOf } from '@tabula/tensor'
import type { Graph, HostValue, PrimitiveName, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { shapes } from '../arbitraries/shapes.js'
import type { ShapeLimits } from '../arbitraries/shapes.js'
import { tensors } from '../arbitraries/values.js'
import type { NumberKind } from '../arbitraries/values.js'
import { programText } from '../../program-text.js'
import { drawFrom } from './draw.js'
import type { Generator } from './generator.js'
import { programGenerators } from './generators.js'

/** What random programs are made of. */
export interface ProgramLimits extends ShapeLimits {
  /** Primitives to apply, each as likely as it occurs here (all). */
  readonly primitives?: readonly PrimitiveName[]
  /** Most variables (3). */
  readonly maxVariables?: number
  /** Most steps (6). A step applies one primitive, and what it takes to make operands fit it. */
  readonly maxSteps?: number
  /** What numbers the variables hold (`wellConditioned`). */
  readonly numbers?: NumberKind
}

/** A well-typed program of real variables, and a point to run it at. */
export interface RandomProgram {
  readonly variables: readonly HostValue<'f32'>[]
  /** The primitive of each step. */
  readonly steps: readonly PrimitiveName[]
  /** The results, as many as the last step has; the variables, where there is no step. */
  readonly apply: (variables: readonly Tensor[]) => readonly Tensor[]
  /** The listing of the program, for messages. */
  readonly toString: () => string
}

const isGenerator = (entry: Generator | string): entry is Generator => typeof entry === 'function'

/** All primitives that a random program may apply. */
const all: readonly PrimitiveName[] = Object.entries(programGenerators).flatMap(([name, entry]) =>
  // The record's keys are the primitives' names.
  isGenerator(entry) ? [name as PrimitiveName] : []
)

interface StepChoice {
  readonly primitive: PrimitiveName
  readonly choices: readonly number[]
}

const applied = (variables: readonly Tensor[], steps: readonly StepChoice[]): readonly Tensor[] => {
  let reals = variables
  let results: readonly Tensor[] = variables
  for (const { primitive, choices } of steps) {
    const generator = programGenerators[primitive]
    if (!isGenerator(generator)) continue
    const draw = drawFrom(choices)
    // Empty tensors are results, but nothing to go on with.
    const usable = reals.filter(({ shape }) => sizeOf(shape) > 0)
    const real = (): Tensor => usable[usable.length - 1 - draw.below(usable.length)] ?? bind('broadcastTo', { shape: [1] }, reals[0] ?? bind('iota', { shape: [1], dtype: 'f32', axis: 0 }))
    results = generator({ ...draw, real })
    reals = [...reals, ...results]
  }
  return results
}

const graphOfProgram = (variables: readonly HostValue<'f32'>[], apply: RandomProgram['apply']): Graph => {
  const x = variables.map((variable, index) => placeholder(`x${index}`, variable))
  return graphOf(x, apply(x))
}

/**
 * Random well-typed programs: directed acyclic graphs of any of Tabula's primitives over real variables, and a point to run each at.
 * They shrink to fewer steps, simpler attributes, earlier operands, fewer and smaller variables and simpler numbers. Kinks occur, at
 * points where no random variable is, but for those of ties and zeros if such numbers are asked for.
 */
export const programs = ({ primitives = all, maxVariables = 3, maxSteps = 6, numbers, ...limits }: ProgramLimits = {}): fc.Arbitrary<RandomProgram> => {
  const variables = fc.array(shapes({ maxSize: 3, ...limits }).chain((shape) => tensors(shape, numbers)), { minLength: 1, maxLength: maxVariables })
  // A step that is left out is the simplest of all, so that any of them can go, not only the first.
  const leftOut = fc.nat({ max: 7 }).map((n) => n === 0)
  const step = fc.record({ leftOut, primitive: fc.constantFrom(...primitives), choices: fc.array(fc.nat({ max: 0xffff }), { maxLength: 12, size: 'max' }) })
  return fc.tuple(variables, fc.array(step, { minLength: 1, maxLength: maxSteps, size: 'max' })).map(([values, drawn]) => {
    const steps = drawn.filter((one) => !one.leftOut)
    const apply = (tensors: readonly Tensor[]): readonly Tensor[] => applied(tensors, steps)
    const toString = (): string => programText(graphOfProgram(values, apply))
    // The second name is that by which fast-check asks for a text.
    return { variables: values, steps: steps.map(({ primitive }) => primitive), apply, toString, [fc.toStringMethod]: toString }
  })
}
