import { test } from '@fast-check/vitest'
import { either as E } from 'fp-ts'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { bind } from '../../src/bind.js'
import { erf, evaluate } from '../../src/device/reference/index.js'
import { trace } from '../../src/graph/trace.js'
import { foldIn, key, keyValue, normal, permutation, split, uniform, uniformFromBits } from '../../src/random/index.js'
import type { Tensor } from '../../src/node.js'
import { normalQuantile } from '../../src/random/normal-quantile.js'

const words = fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff))

test('keys of seeds and their splits, as JAX', () => {
  expect(key(0)).toEqual([0, 0])
  expect(key(2 ** 33 + 5)).toEqual([2, 5])
  expect(split(key(0))).toEqual([
    [1797259609, 2579123966],
    [928981903, 3453687069]
  ])
  expect(() => key(-1)).toThrow(RangeError)
  expect(() => key(0.5)).toThrow(RangeError)
})

test('normal(key(42)) as the JAX documentation prints it', () => {
  expect(normal(key(42), []).data[0]).toBeCloseTo(-0.028304616, 7)
})

test('strings fold in by their FNV-1a hash', () => {
  expect(foldIn(key(3), 'foobar')).toEqual(foldIn(key(3), 0xbf9cf968))
  expect(foldIn(key(3), '')).toEqual(foldIn(key(3), 0x811c9dc5))
})

test.prop([words, fc.integer({ min: 1, max: 40 })])('a longer split begins with the shorter one', (parent, count) => {
  expect(split(parent, count + 5).slice(0, count)).toEqual(split(parent, count))
})

test.prop([words, fc.integer({ min: 0, max: 50 })])('randomBits and uniformFromBits on a device are uniform on the host', (parent, count) => {
  const { graph } = trace((k: Tensor) => uniformFromBits(bind('randomBits', { shape: [count] }, k) as Tensor<readonly number[], 'u32'>), keyValue(parent))
  const result = evaluate(graph, [keyValue(parent)])
  expect(E.isRight(result) && [...(result.right[0]?.data ?? [])]).toEqual([...uniform(parent, [count]).data])
})

test.prop([words, fc.float({ min: -100, max: 100, noNaN: true }), fc.float({ min: Math.fround(0.1), max: 100, noNaN: true })])('uniform stays in its interval', (parent, low, extent) => {
  const high = Math.fround(low + extent)
  for (const x of uniform(parent, [100], low, high).data) expect(x >= low && x <= high).toBe(true)
})

test('moments of 20000 numbers', () => {
  const data = [...normal(key(7), [20000]).data]
  const moment = (k: number): number => data.reduce((sum: number, x: number) => sum + x ** k, 0) / data.length
  expect([moment(1), moment(2) - 1, moment(3), moment(4) - 3].map((m) => Math.abs(m) < 0.1)).toEqual([true, true, true, true])
  const flat = [...uniform(key(7), [20000]).data]
  expect(Math.abs(flat.reduce((sum: number, x: number) => sum + x, 0) / flat.length - 0.5)).toBeLessThan(0.01)
})

test.prop([fc.double({ min: -0.9999999, max: 0.9999999, noNaN: true })], { numRuns: 1000, seed: 1 })('the normal quantile inverts erf', (u) => {
  expect(Math.abs(erf(normalQuantile(u) / Math.SQRT2) - u)).toBeLessThan(4e-15)
})

test('the normal quantile far out, where erf has no digits left', () => {
  // 1 − 2·Φ(−z): z = 5, 6 and 8 with Φ(−z) from tables.
  const tail = (probability: number): number => normalQuantile(1 - 2 * probability)
  expect(tail(2.866515718791939e-7)).toBeCloseTo(5, 8)
  expect(tail(9.865876450376981e-10)).toBeCloseTo(6, 6)
  expect(normalQuantile(1)).toBe(Infinity)
})

test.prop([words, fc.integer({ min: 0, max: 3000 })], { numRuns: 20 })('a permutation holds every number once', (parent, count) => {
  expect([...permutation(parent, count).data].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
})
