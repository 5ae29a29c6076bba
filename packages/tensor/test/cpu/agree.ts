import { either as E } from 'fp-ts'
import { expect } from 'vitest'
import { bind } from '../../src/bind.js'
import { cpuDevice } from '../../src/device/cpu/index.js'
import type { CpuOptions } from '../../src/device/cpu/index.js'
import type { Device } from '../../src/device/device.js'
import { evaluate } from '../../src/device/reference/evaluate.js'
import { showError } from '../../src/errors.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import { sizeOf, stridesOf } from '../../src/shape.js'
import type { Sizes } from '../../src/shape.js'
import { hostValue, valueOf } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'

/** Deterministic numbers in [0, 1). */
export const numbers = (seed: number): (() => number) => {
  let state = seed * 2654435761 + 1
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) | 0
    const mixed = Math.imul(state ^ (state >>> 13), 3266489917)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000
  }
}

/** A `f32` value of numbers in [low, high). */
export const random = (seed: number, shape: Sizes, low = -2, high = 2): HostValue<'f32'> => {
  const next = numbers(seed)
  return valueOf('f32', shape, Array.from({ length: sizeOf(shape) }, () => low + next() * (high - low)))
}

/** An `i32` value of whole numbers in [0, below). */
export const randomIndices = (seed: number, shape: Sizes, below: number): HostValue<'i32'> => {
  const next = numbers(seed)
  return valueOf('i32', shape, Array.from({ length: sizeOf(shape) }, () => Math.floor(next() * below)))
}

export const randomTruth = (seed: number, shape: Sizes): HostValue<'bool'> => {
  const next = numbers(seed)
  return valueOf('bool', shape, Array.from({ length: sizeOf(shape) }, () => (next() < 0.5 ? 0 : 1)))
}

export const open = async (options: CpuOptions = { engine: 'c-api', threads: 2 }): Promise<Device> => {
  const device = await cpuDevice(options)()
  if (E.isLeft(device)) throw new Error(showError(device.left))
  return device.right
}

/** What is compiled. */
export type Program = (...operands: readonly Tensor[]) => readonly Tensor[]

export const runOn = async (device: Device, f: Program, inputs: readonly HostValue[]): Promise<readonly HostValue[]> => {
  const tensors = inputs.map((value, index) => placeholder(`x${index}`, value))
  const compiled = await device.compile(graphOf(tensors, f(...tensors)))()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const results = await compiled.right.run(inputs)()
  compiled.right.release()
  if (E.isLeft(results)) throw new Error(showError(results.left))
  return results.right
}

/** The results of running a program `times` times on the same inputs, compiled once. */
export const repeat = async (device: Device, times: number, f: Program, inputs: readonly HostValue[]): Promise<readonly (readonly HostValue[])[]> => {
  const tensors = inputs.map((value, index) => placeholder(`x${index}`, value))
  const compiled = await device.compile(graphOf(tensors, f(...tensors)))()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const all: (readonly HostValue[])[] = []
  for (let k = 0; k < times; k++) {
    const results = await compiled.right.run(inputs)()
    if (E.isLeft(results)) throw new Error(showError(results.left))
    all.push(results.right)
  }
  compiled.right.release()
  return all
}

export const referenceOf = (f: Program, inputs: readonly HostValue[]): readonly HostValue[] => {
  const tensors = inputs.map((value, index) => placeholder(`x${index}`, value))
  const results = evaluate(graphOf(tensors, f(...tensors)), inputs)
  if (E.isLeft(results)) throw new Error(results.left.message)
  return results.right
}

/** Largest difference over largest magnitude; infinite where one is not finite and the other is something else. */
export const distance = (actual: HostValue, expected: HostValue): number => {
  expect(actual.shape).toEqual(expected.shape)
  expect(actual.dtype).toEqual(expected.dtype)
  expect(actual.data.length).toBe(expected.data.length)
  let scale = expected.dtype === 'f32' ? 1e-3 : 1
  let worst = 0
  for (let i = 0; i < expected.data.length; i++) {
    const [a = 0, e = 0] = [actual.data[i], expected.data[i]]
    if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e))
    if (a === e || (Number.isNaN(a) && Number.isNaN(e))) continue
    const difference = Math.abs(a - e)
    worst = Number.isFinite(difference) ? Math.max(worst, difference) : Infinity
  }
  return expected.dtype === 'f32' ? worst / scale : worst
}

/** A value with its axes in another order. */
const moved = (value: HostValue, permutation: readonly number[]): HostValue => {
  const strides = stridesOf(value.shape)
  const shape = permutation.map((axis) => value.shape[axis] ?? 1)
  const target = stridesOf(shape)
  const data = value.data.slice()
  for (let i = 0; i < data.length; i++) {
    let rest = i
    let from = 0
    permutation.forEach((axis, k) => {
      const at = Math.floor(rest / (target[k] ?? 1))
      rest -= at * (target[k] ?? 1)
      from += at * (strides[axis] ?? 1)
    })
    data[i] = value.data[from] ?? 0
  }
  return hostValue(value.dtype, shape, data)
}

const shuffled = (next: () => number, rank: number): readonly number[] => {
  const axes = Array.from({ length: rank }, (_, axis) => axis)
  for (let k = rank - 1; k > 0; k--) {
    const other = Math.floor(next() * (k + 1))
    ;[axes[k], axes[other]] = [axes[other] ?? 0, axes[k] ?? 0]
  }
  return axes
}

const inverse = (permutation: readonly number[]): readonly number[] => permutation.map((_, axis) => permutation.indexOf(axis))

/** The first of a value's elements along an axis, with size 1. */
const first = (value: HostValue, axis: number): HostValue => {
  const size = value.shape[axis] ?? 1
  const inner = sizeOf(value.shape.slice(axis + 1))
  const kept = Array.from(value.data as ArrayLike<number>).filter((_, i) => Math.floor(i / inner) % size === 0)
  return valueOf(value.dtype, value.shape.map((s, a) => (a === axis ? 1 : s)), kept)
}

/**
 * The device answers what the reference interpreter does: for operands as they are, for operands that lie in memory in another
 * order, and for operands that repeat along an axis.
 */
export const expectAgreement = async (device: Device, f: Program, inputs: readonly HostValue[], { tolerance = 1e-5, variants = 3, fixed = [] }: { readonly tolerance?: number; readonly variants?: number; readonly fixed?: readonly number[] } = {}): Promise<void> => {
  for (let variant = 0; variant < variants; variant++) {
    const next = numbers(variant * 7919 + 13)
    const plans = inputs.map((value, index) => {
      const rank = value.shape.length
      const permutation = variant === 0 || fixed.includes(index) ? shuffled(() => 0.999999, rank) : shuffled(next, rank)
      const axis = Math.floor(next() * rank)
      const repeats = variant % 3 === 2 && !fixed.includes(index) && rank > 0 && (value.shape[axis] ?? 0) > 1 && next() < 0.7
      const stored = repeats ? first(value, axis) : value
      return { given: moved(stored, permutation), back: inverse(permutation), shape: value.shape, repeats }
    })
    const program: Program = (...operands) =>
      f(
        ...operands.map((operand, index) => {
          const plan = plans[index]
          if (plan === undefined) return operand
          const x = bind('transpose', { permutation: plan.back }, operand)
          return plan.repeats ? bind('broadcastTo', { shape: plan.shape }, x) : x
        })
      )
    const given = plans.map((plan) => plan.given)
    const expected = referenceOf(program, given)
    const actual = await runOn(device, program, given)
    expect(actual.length).toBe(expected.length)
    expected.forEach((value, index) => {
      const result = actual[index]
      if (result === undefined) throw new Error(`no output ${index}`)
      const error = distance(result, value)
      expect(error, `output ${index} of variant ${variant}, layouts ${plans.map(({ back, repeats }) => `${back.join('')}${repeats ? '*' : ''}`).join(' ')}`).toBeLessThanOrEqual(value.dtype === 'f32' ? tolerance : 0)
    })
  }
}
