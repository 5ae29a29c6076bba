import { hostValue, isHostValue, leavesOf, mapLeaves, sizeOf } from '@tabula/tensor'
import type { Dtype, HostValue, Sizes } from '@tabula/tensor'
import { mapNumbers } from './compare.js'
import { culpritOf } from './culprit.js'
import type { Culprit } from './culprit.js'
import type { Mode } from './derivatives.js'
import { checkAt } from './levels.js'
import type { Plan, Wrong } from './levels.js'
import { moveTo, movedLeaves, numbersOf } from './point.js'
import type { Numbers, VectorFunction } from './point.js'
import { slopes } from './slopes.js'

/** A wrong derivative, and the check that shows it. */
export interface Found<At> {
  readonly at: At
  readonly wrong: Wrong
  readonly plan: Plan
  readonly culprit?: Culprit | undefined
}

/** How many checks shrinking may cost. */
const patience = 400

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
      return wrong === undefined ? undefined : { at, wrong, plan }
    } catch {
      // A smaller point that the function refuses, whatever its reason, is none.
      return undefined
    }
  }
  const narrowed: Plan = { ...found.plan, orders: [found.wrong.order] }
  const beside = moveTo(found.at, found.wrong.point)
  let best =
    modesFor(found).map((modes) => fails(beside, { ...narrowed, modes })).find((smaller) => smaller !== undefined) ??
    fails(found.at, narrowed) ??
    found
  const improve = (candidates: (at: At) => Iterable<At>): void => {
    for (let again = true; again;) {
      again = false
      for (const candidate of candidates(best.at)) {
        const smaller = fails(candidate, best.plan)
        if (smaller === undefined) continue
        best = smaller
        again = true
        break
      }
    }
  }
  improve(smallerShapes)
  improve(wholeLeaves)
  improve(singleElements)
  const simple = { ...best, wrong: simplestDirection(best.wrong, best.plan) }
  return { ...simple, culprit: culpritOf(functionAt(simple.at), movedLeaves(simple.at).map(({ leaf }) => leaf), simple.wrong, simple.plan) }
}

/** The modes that may show the mistake, fewest first. */
const modesFor = <At>({ wrong, plan }: Found<At>): readonly (readonly Mode[])[] =>
  wrong.comparison === 'adjoint' ? [plan.modes] : [[wrong.comparison], plan.modes]

/** The leading elements of a value along each axis. */
const cropped = (value: HostValue, shape: Sizes): HostValue => {
  const count = sizeOf(shape)
  const strides = value.shape.map((_, axis) => sizeOf(value.shape.slice(axis + 1)))
  const from = Array.from({ length: count }, (_, index) => {
    let [rest, offset] = [index, 0]
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] ?? 1
      offset += (rest % size) * (strides[axis] ?? 0)
      rest = Math.floor(rest / size)
    }
    return value.data[offset] ?? 0
  })
  return hostValue<Dtype>(value.dtype, shape, value.dtype === 'f32' ? Float64Array.from(from) : sameType(value.data, from))
}

const sameType = (data: HostValue['data'], numbers: readonly number[]): HostValue['data'] => {
  const copy = data.slice(0, numbers.length)
  copy.set(numbers)
  return copy
}

const resized = <At>(at: At, shapeOf: (shape: Sizes, leaf: number) => Sizes): At => {
  let leaf = 0
  // Values of the same types: the type says nothing of shapes.
  return mapLeaves(at, isHostValue, (value) => cropped(value, shapeOf(value.shape, leaf++))) as At
}

const smallerSizes = (size: number): readonly number[] => [...new Set([1, Math.ceil(size / 2), size - 1])].filter((smaller) => smaller >= 1 && smaller < size)

/** Axes of one size everywhere made smaller together, as they often must agree; then each axis by itself. */
function* smallerShapes<At>(at: At): Generator<At> {
  const shapes = leavesOf(at, isHostValue).map(({ leaf }) => leaf.shape)
  const sizes = [...new Set(shapes.flat())].sort((a, b) => b - a)
  for (const size of sizes) {
    for (const smaller of smallerSizes(size)) yield resized(at, (shape) => shape.map((n) => (n === size ? smaller : n)))
  }
  for (const [leaf, shape] of shapes.entries()) {
    for (const [axis, size] of shape.entries()) {
      for (const smaller of smallerSizes(size)) yield resized(at, (own, index) => (index === leaf ? own.map((n, a) => (a === axis ? smaller : n)) : own))
    }
  }
}

/** How hard a number is to read. */
const complexity = (numbers: Iterable<number>): number =>
  Array.from(numbers, (number) => String(number).length + (number < 0 ? 1 : 0) + (number === 1 ? 0 : 1)).reduce((sum, digits) => sum + digits, 0)

const rounded = (number: number, digits: number): number => Number(number.toPrecision(digits))

/** All numbers of a leaf made simple at once. */
function* wholeLeaves<At>(at: At): Generator<At> {
  const numbers = movedLeaves(at).map(({ leaf }) => numbersOf(leaf))
  for (const [index, leaf] of numbers.entries()) {
    const candidates: readonly ((number: number, element: number) => number)[] = [
      () => 1,
      () => 0.5,
      (_, element) => element + 1,
      (number) => rounded(number, 1),
      (number) => rounded(number, 2)
    ]
    for (const candidate of candidates) {
      const simpler = leaf.map(candidate)
      if (complexity(simpler) < complexity(leaf)) yield moveTo(at, replaced(numbers, index, simpler))
    }
  }
}

/** One number made simple. */
function* singleElements<At>(at: At): Generator<At> {
  const numbers = movedLeaves(at).map(({ leaf }) => numbersOf(leaf))
  for (const [index, leaf] of numbers.entries()) {
    for (const [element, number] of leaf.entries()) {
      if (element >= 16) break
      for (const simpler of [1, 0, 2, 0.5, -1, rounded(number, 1), rounded(number, 2)]) {
        if (complexity([simpler]) < complexity([number])) yield moveTo(at, replaced(numbers, index, leaf.with(element, simpler)))
      }
    }
  }
}

const replaced = (numbers: Numbers, index: number, leaf: Float64Array): Numbers => numbers.map((own, l) => (l === index ? leaf : own))

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

