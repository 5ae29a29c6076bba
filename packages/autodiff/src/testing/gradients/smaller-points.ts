import { hostValue, isHostValue, leavesOf, mapLeaves, sizeOf } from '@tabula/tensor'
import type { Dtype, HostValue, Sizes } from '@tabula/tensor'
import { moveTo, movedLeaves, numbersOf } from './point.js'
import type { Numbers } from './point.js'

/**
 * The last of a chain of finds, each at a smaller point than the one before: sizes of axes first, then the numbers. `find` answers
 * what it finds at a point, or nothing.
 */
export const smallestPoint = <At, Find>(first: Find, pointOf: (find: Find) => At, find: (at: At) => Find | undefined): Find => {
  let best = first
  for (const candidates of [smallerShapes, fewerAxes, wholeLeaves, singleElements]) {
    for (let again = true; again;) {
      again = false
      for (const candidate of candidates(pointOf(best))) {
        const smaller = find(candidate)
        if (smaller === undefined) continue
        best = smaller
        again = true
        break
      }
    }
  }
  return best
}

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

/** An axis of a leaf. */
interface Axis {
  readonly leaf: number
  readonly axis: number
  /** Counted from the last, as broadcasting does. */
  readonly fromLast: number
  readonly size: number
}

/**
 * Axes of one size made smaller together, as they often must agree: everywhere; at one place from the front or from the back of all
 * leaves; in two places. Then each axis by itself.
 */
function* smallerShapes<At>(at: At): Generator<At> {
  const shapes = leavesOf(at, isHostValue).map(({ leaf }) => leaf.shape)
  const axes = shapes.flatMap((shape, leaf) => shape.map((size, axis): Axis => ({ leaf, axis, fromLast: shape.length - axis, size }))).filter(({ size }) => size > 1)
  const sizes = [...new Set(axes.map(({ size }) => size))].sort((a, b) => b - a)
  const groups = sizes.flatMap((size) => {
    const ofSize = axes.filter((axis) => axis.size === size)
    const at = (place: (axis: Axis) => number): readonly (readonly Axis[])[] =>
      [...new Set(ofSize.map(place))].map((there) => ofSize.filter((axis) => place(axis) === there))
    const pairs = ofSize.flatMap((one, index) => ofSize.slice(index + 1).map((other) => [one, other]))
    return [ofSize, ...at(({ axis }) => axis), ...at(({ fromLast }) => fromLast), ...(ofSize.length > 2 ? pairs.slice(0, 40) : []), ...ofSize.map((one) => [one])]
  })
  const tried = new Set<string>()
  for (const group of groups) {
    const name = group.map(({ leaf, axis }) => `${leaf}.${axis}`).join()
    if (tried.has(name)) continue
    tried.add(name)
    for (const smaller of smallerSizes(group[0]?.size ?? 1)) {
      yield resized(at, (shape, leaf) => shape.map((size, axis) => (group.some((one) => one.leaf === leaf && one.axis === axis) ? smaller : size)))
    }
  }
}

/** Axes of size 1 left out: of all leaves, or of one; all of them, or one. */
function* fewerAxes<At>(at: At): Generator<At> {
  const shapes = leavesOf(at, isHostValue).map(({ leaf }) => leaf.shape)
  if (shapes.some((shape) => shape.includes(1))) yield reshaped(at, (shape) => shape.filter((size) => size !== 1))
  for (const [leaf, shape] of shapes.entries()) {
    for (const [axis, size] of shape.entries()) {
      if (size === 1) yield reshaped(at, (own, index) => (index === leaf ? own.filter((_, a) => a !== axis) : own))
    }
  }
}

const reshaped = <At>(at: At, shapeOf: (shape: Sizes, leaf: number) => Sizes): At => {
  let leaf = 0
  // Values of the same types: the type says nothing of shapes.
  return mapLeaves(at, isHostValue, (value) => ({ ...value, shape: shapeOf(value.shape, leaf++) })) as At
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
