import {
  bind,
  graphOf,
  hostValue,
  isHostValue,
  leavesOf,
  mapLeaves,
  placeholder,
  showShape,
  sizeOf,
  tensorsOf,
  TreeError
} from '@tabula/tensor'
import type { EvaluationError, HostValue, Shape, Sizes, Tensor, TensorsOf } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { either as E } from 'fp-ts'
import { add, mul, number, reduceSum } from '../expression.js'
import { grad } from '../grad.js'
import { programText } from './program-text.js'
import { randomNumbers } from './random.js'
import type { RandomNumbers } from './random.js'

/** Where and how closely to look. */
export interface GradientCheck<At> {
  /** The point: a tree of host values. Its `f32` leaves are moved; choose them ≥ 1e-3 away from kinks and ties. */
  readonly at: At
  /** 1 checks first derivatives (default); 2 also the derivatives of those, and so on. */
  readonly order?: number
  /** Random directions for each order (2). */
  readonly directions?: number
  /** Distance between the points of the central difference (1e-4). */
  readonly step?: number
  /** Allowed difference, relative to 1 + Σ|gradient · direction| (1e-6). */
  readonly tolerance?: number
  /** Chooses directions and cotangents (0). */
  readonly seed?: number
}

/** What a check that passed has seen. */
export interface GradientReport {
  /** Directions compared, over all orders. */
  readonly comparisons: number
  /** The largest difference, relative as `tolerance`. */
  readonly largestError: number
}

/** A derivative that differs from the difference quotient. */
export interface GradientMismatch {
  readonly _tag: 'GradientMismatch'
  readonly order: number
  /** Shapes of the differentiated leaves, by path. */
  readonly shapes: Readonly<Record<string, Sizes>>
  readonly values: readonly (readonly number[])[]
  readonly direction: readonly (readonly number[])[]
  /** The difference quotient along the direction. */
  readonly expected: number
  /** Reverse mode along the direction. */
  readonly found: number
  /** The differentiated program. */
  readonly program: string
  readonly message: string
}

type Point = readonly HostValue<'f32'>[]
type ScalarFunction = (variables: readonly Tensor[]) => Tensor<Shape, 'f32'>

/**
 * Compares reverse mode with central differences (five points, float64, the reference interpreter) along random directions:
 * for s(x) = ⟨u, f(x)⟩ with random u, ⟨∇s(x), v⟩ against (8(s(x+hv) − s(x−hv)) − s(x+2hv) + s(x−2hv)) / 12h.
 * Higher orders check s₂(x) = ⟨∇s(x), v⟩ in the same way. Integer results of f take no part, nor do integer leaves of `at`.
 *
 * `Left` is a mismatch that prints the program, shapes, values and direction, or the interpreter's refusal.
 */
export const checkGradients = <At>(
  f: (args: TensorsOf<At>) => unknown,
  { at, order = 1, directions = 2, step = 1e-4, tolerance = 1e-6, seed = 0 }: GradientCheck<At>
): E.Either<GradientMismatch | EvaluationError, GradientReport> => {
  const leaves = leavesOf(at, isHostValue)
  const moved = leaves.filter((leaf): leaf is { path: string; leaf: HostValue<'f32'> } => leaf.leaf.dtype === 'f32')
  const point = moved.map(({ leaf }) => leaf)
  const random = randomNumbers(seed)
  let objective: ScalarFunction = weightedSum((variables) => f(argumentsOf(at, variables)), random)
  let report: GradientReport = { comparisons: 0, largestError: 0 }
  for (let level = 1; level <= order; level++) {
    for (let repeat = 0; repeat < directions; repeat++) {
      const compared = compare(objective, point, directionFor(point, random), step)
      if (E.isLeft(compared)) return compared
      const { expected, found, scale, program, direction } = compared.right
      const error = Math.abs(expected - found) / (1 + scale)
      if (!(error <= tolerance)) {
        const shapes = Object.fromEntries(moved.map(({ path, leaf }) => [path, leaf.shape]))
        return E.left(mismatch({ order: level, shapes, values: point.map(numbersOf), direction, expected, found, program }))
      }
      report = { comparisons: report.comparisons + 1, largestError: Math.max(report.largestError, error) }
    }
    objective = directionalDerivative(objective, directionFor(point, random))
  }
  return E.right(report)
}

/** The tree with its moved leaves replaced by variables and the others by constants. */
const argumentsOf = <At>(at: At, variables: readonly Tensor[]): TensorsOf<At> => {
  let next = 0
  // Every host value became a tensor of its type; that is what TensorsOf states.
  return mapLeaves(at, isHostValue, (leaf, path) => {
    if (leaf.dtype !== 'f32') return bind('constant', { value: leaf })
    const variable = variables[next++]
    if (variable === undefined)
      throw new TreeError({ operation: 'checkGradients', operand: path, expected: 'a variable', found: 'none' })
    return variable
  }) as TensorsOf<At>
}

const constant = (shape: Sizes, data: Float64Array): Tensor => bind('constant', { value: hostValue('f32', shape, data) })

const sumOfAll = (x: Tensor): Tensor =>
  reduceSum(
    x,
    x.shape.map((_, axis) => axis),
    false
  )

const inner = (pairs: readonly (readonly [Tensor, Tensor])[]): Tensor<Shape, 'f32'> =>
  // Products of f32 tensors.
  pairs.map(([a, b]) => sumOfAll(mul(a, b))).reduce((sum, term) => add(sum, term), number(0)) as Tensor<Shape, 'f32'>

/** ⟨u, f⟩ over the floating-point results of f, with fixed random u in ±[0.5, 1.5]. */
const weightedSum = (f: (variables: readonly Tensor[]) => unknown, random: RandomNumbers): ScalarFunction => {
  const weights = new Map<string, Tensor>()
  const weightFor = (index: number, { shape }: Tensor): Tensor => {
    const key = `${index}:${showShape(shape)}`
    const known = weights.get(key)
    if (known !== undefined) return known
    const data = Float64Array.from({ length: sizeOf(shape) }, () => random.uniform(0.5, 1.5) * (random.below(2) === 0 ? 1 : -1))
    const weight = constant(shape, data)
    weights.set(key, weight)
    return weight
  }
  return (variables) => {
    const results = tensorsOf(f(variables)).filter((result) => result.dtype === 'f32')
    return inner(results.map((result, index) => [result, weightFor(index, result)]))
  }
}

const directionFor = (point: Point, random: RandomNumbers): readonly Float64Array[] =>
  point.map(({ data }) => Float64Array.from(data, () => random.uniform(-1, 1)))

const directionalDerivative =
  (f: ScalarFunction, direction: readonly Float64Array[]): ScalarFunction =>
  (variables) => {
    const gradients = grad(f)(variables)
    return inner(
      gradients.map((gradient, index) => [gradient, constant(gradient.shape, direction[index] ?? new Float64Array(0))])
    )
  }

interface Comparison {
  readonly expected: number
  readonly found: number
  readonly scale: number
  readonly program: string
  readonly direction: readonly (readonly number[])[]
}

const compare = (
  f: ScalarFunction,
  point: Point,
  direction: readonly Float64Array[],
  step: number
): E.Either<EvaluationError, Comparison> => {
  const inputs = point.map((value, index) => placeholder(`x${index}`, value))
  const forward = graphOf(inputs, [f(inputs)])
  const derivative = graphOf(inputs, grad(f)(inputs))
  const moved = (distance: number): Point =>
    point.map(({ shape, data }, index) =>
      hostValue(
        'f32',
        shape,
        Float64Array.from(data, (x, k) => x + distance * (direction[index]?.[k] ?? 0))
      )
    )
  const valueAt = (distance: number): E.Either<EvaluationError, number> =>
    E.map((outputs: readonly HostValue[]) => outputs[0]?.data[0] ?? NaN)(evaluate(forward, moved(distance)))
  const gradients = evaluate(derivative, point)
  if (E.isLeft(gradients)) return gradients
  const terms = gradients.right.flatMap(({ data }, index) => Array.from(data, (g, k) => g * (direction[index]?.[k] ?? 0)))
  const stencil = [valueAt(2 * step), valueAt(step), valueAt(-step), valueAt(-2 * step)]
  const failed = stencil.find(E.isLeft)
  if (failed !== undefined) return failed
  const [far = NaN, near = NaN, nearBack = NaN, farBack = NaN] = stencil.map((value) => (E.isRight(value) ? value.right : NaN))
  return E.right({
    expected: (8 * (near - nearBack) - (far - farBack)) / (12 * step),
    found: terms.reduce((sum, term) => sum + term, 0),
    scale: terms.reduce((sum, term) => sum + Math.abs(term), 0),
    program: programText(derivative),
    direction: direction.map((values) => Array.from(values))
  })
}

const numbersOf = ({ data }: HostValue<'f32'>): readonly number[] => Array.from(data)

const preview = (values: readonly number[]): string =>
  `${values
    .slice(0, 8)
    .map((x) => x.toPrecision(6))
    .join(' ')}${values.length > 8 ? ` … ${values.length} in all` : ''}`

const mismatch = (found: Omit<GradientMismatch, '_tag' | 'message'>): GradientMismatch => ({
  _tag: 'GradientMismatch',
  ...found,
  message: [
    `Derivative of order ${found.order}: reverse mode gives ${found.found} along a direction in which central differences give ${found.expected}.`,
    ...Object.entries(found.shapes).flatMap(([path, shape], index) => [
      `${path || 'argument'}: f32${showShape(shape)}`,
      `  value      ${preview(found.values[index] ?? [])}`,
      `  direction  ${preview(found.direction[index] ?? [])}`
    ]),
    found.program
  ].join('\n')
})
