import type { AnyNode, Tensor } from '../../../node.js'
import { combined, constantForm, digit, digitForm, dividedForm, flatForm, reshapedForms } from '../kernel/forms.js'
import type { Form } from '../kernel/forms.js'
import { integerDivision, integerRemainder, scalarFunctions, truncation, truth } from '../lower/scalar.js'
import type { ScalarFunction, ScalarName } from '../lower/scalar.js'
import { routes } from '../lower/routes.js'

/** A number `low ≤ form < high`. */
export interface Range {
  readonly form: Form
  readonly low: number
  readonly high: number
}

/** What a thread computes, in terms of its coordinates. */
export type Term =
  | { readonly _tag: 'read'; readonly value: Tensor; readonly form: Form }
  | { readonly _tag: 'number'; readonly value: number }
  | { readonly _tag: 'position'; readonly form: Form }
  | { readonly _tag: 'apply'; readonly apply: ScalarFunction; readonly operands: readonly Term[] }
  /** `inside` where all ranges hold, else `outside`. */
  | { readonly _tag: 'within'; readonly ranges: readonly Range[]; readonly inside: Term; readonly outside: Term }
  /** A computed coordinate: a term clamped to [0, size). */
  | { readonly _tag: 'index'; readonly term: Term; readonly size: number }

/** Thrown where a value cannot be computed in place: it must be computed before, by a kernel of its own. */
export class Materialize extends Error {
  override readonly name = 'Materialize'
  readonly value: Tensor
  constructor(value: Tensor) {
    super('a value must be computed before')
    this.value = value
  }
}

/** The function of an elementwise node; `undefined` for other nodes. */
export const scalarFunctionOf = (node: AnyNode): ScalarFunction | undefined => {
  if (node.primitive === 'cast') {
    const { dtype } = node.attributes
    if (dtype === 'bool') return truth
    return node.inputs[0]?.dtype === 'f32' && dtype !== 'f32' ? truncation : identity
  }
  if (node.inputs[0]?.dtype === 'i32' && node.primitive === 'div') return integerDivision
  if (node.inputs[0]?.dtype === 'i32' && node.primitive === 'rem') return integerRemainder
  return Object.hasOwn(scalarFunctions, node.primitive) ? scalarFunctions[node.primitive as ScalarName] : undefined
}

const identity: ScalarFunction = { text: ([x = '0']) => x, cost: 0 }

/** Whether a constant is one number throughout, which no seat need be spent on. */
export const uniformNumber = (node: AnyNode): number | undefined => {
  if (node.primitive !== 'constant') return undefined
  const { data } = node.attributes.value
  const [first] = data
  // A large whole number as a scalar argument would be a 32-bit integer in some backends.
  if (first === undefined || Number.isNaN(first) || (Number.isInteger(first) && Math.abs(first) > 2 ** 24)) return undefined
  return data.every((x) => x === first) ? Math.fround(first) : undefined
}

/** Views and elementwise nodes are computed where they are used. */
export const isInline = (node: AnyNode): boolean => {
  if (node.primitive === 'constant') return uniformNumber(node) !== undefined
  if (node.primitive === 'pad') return node.attributes.interior.every((n) => n === 0)
  const route = routes[node.primitive]
  return route === 'view' || (route === 'elementwise' && scalarFunctionOf(node) !== undefined)
}

/** How values are resolved: which are arrays already, and which need not be. */
export interface Resolution {
  readonly isArray: (value: Tensor) => boolean
  /** Whether a node may be computed where it is used. */
  readonly isInline: (node: AnyNode) => boolean
}

const zero = constantForm(0)

/** The element of a value at a place, one form for each axis. Throws `Materialize`. */
export const termOf = (resolution: Resolution, value: Tensor, axes: readonly Form[], depth = 0): Term => {
  if (resolution.isArray(value)) return { _tag: 'read', value, form: flatForm(axes, value.shape) }
  const { node } = value
  if (depth > 60 || !resolution.isInline(node)) throw new Materialize(value)
  const at = (operand: Tensor, place: readonly Form[]): Term => termOf(resolution, operand, place.map((form, axis) => (operand.shape[axis] === 1 ? zero : form)), depth + 1)
  const operand = (k: number): Tensor => {
    const found = node.inputs[k]
    if (found === undefined) throw new RangeError(`${node.primitive} has no operand ${k}`)
    return found
  }
  const broadcast = (x: Tensor): Term => at(x, axes.slice(axes.length - x.shape.length))
  switch (node.primitive) {
    case 'constant':
      return { _tag: 'number', value: uniformNumber(node) ?? 0 }
    case 'iota':
      return { _tag: 'position', form: axes[node.attributes.axis] ?? zero }
    case 'reshape': {
      const source = operand(0)
      if (resolution.isArray(source)) return { _tag: 'read', value: source, form: flatForm(axes, value.shape) }
      const place = reshapedForms(axes, value.shape, source.shape)
      if (place === undefined) throw new Materialize(source)
      return at(source, place)
    }
    case 'transpose': {
      const place = new Array<Form>(axes.length).fill(zero)
      node.attributes.permutation.forEach((axis, k) => (place[axis] = axes[k] ?? zero))
      return at(operand(0), place)
    }
    case 'broadcastTo':
      return broadcast(operand(0))
    case 'slice': {
      const { start, stride } = node.attributes
      return termOf(resolution, operand(0), axes.map((form, axis) => combined([[form, stride[axis] ?? 1]], start[axis] ?? 0)), depth + 1)
    }
    case 'reverse': {
      const reversed = new Set(node.attributes.axes)
      return at(operand(0), axes.map((form, axis) => (reversed.has(axis) ? combined([[form, -1]], (value.shape[axis] ?? 1) - 1) : form)))
    }
    case 'upsampleNearest': {
      const place = axes.map((form, axis) => (axis < 2 ? form : dividedForm(form, node.attributes.factor[axis - 2] ?? 1)))
      if (place.some((form) => form === undefined)) throw new Materialize(value)
      return at(operand(0), place.map((form) => form ?? zero))
    }
    case 'pad': {
      const { low, high } = node.attributes
      const source = operand(0)
      const place = axes.map((form, axis) => combined([[form, 1]], -(low[axis] ?? 0)))
      const ranges = place.flatMap((form, axis): Range[] => (low[axis] === 0 && high[axis] === 0 ? [] : [{ form, low: 0, high: source.shape[axis] ?? 1 }]))
      const inside = termOf(resolution, source, place, depth + 1)
      const outside: Term = { _tag: 'number', value: node.outputs[0]?.dtype === 'bool' && node.attributes.value !== 0 ? 1 : node.attributes.value }
      return ranges.length === 0 ? inside : { _tag: 'within', ranges, inside, outside }
    }
    case 'concatenate': {
      const { axis } = node.attributes
      let start = 0
      const parts = node.inputs.flatMap((part) => {
        const low = start
        start += part.shape[axis] ?? 0
        return start === low ? [] : [{ part, low }]
      })
      return parts
        .map(({ part, low }) => {
          const place = axes.map((form, k) => (k === axis ? combined([[form, 1]], -low) : form))
          const range: Range = { form: place[axis] ?? zero, low: 0, high: part.shape[axis] ?? 0 }
          return { range, inside: termOf(resolution, part, place, depth + 1) }
        })
        .reduceRight<Term>((outside, { range, inside }): Term => ({ _tag: 'within', ranges: [range], inside, outside }), { _tag: 'number', value: 0 })
    }
    case 'gather': {
      const { axis, batchDims } = node.attributes
      const [source, indices] = [operand(0), operand(1)]
      const own = indices.shape.length - batchDims
      const indexPlace = [...axes.slice(0, batchDims), ...axes.slice(axis, axis + own)]
      const size = source.shape[axis] ?? 1
      const index: Term = { _tag: 'index', term: at(indices, indexPlace), size }
      return at(source, [...axes.slice(0, axis), digitForm(digit(size, index)), ...axes.slice(axis + own)])
    }
    default: {
      const apply = scalarFunctionOf(node)
      if (apply === undefined) throw new Materialize(value)
      return { _tag: 'apply', apply, operands: node.inputs.map(broadcast) }
    }
  }
}

/** The forms of every element of a shape, one coordinate for each axis. */
export const placeOf = (shape: readonly number[]): { readonly axes: readonly Form[]; readonly digits: readonly ReturnType<typeof digit>[] } => {
  const digits = shape.map((size) => digit(size))
  return { digits, axes: digits.map(digitForm) }
}

