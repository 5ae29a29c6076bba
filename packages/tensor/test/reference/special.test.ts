import { test } from '@fast-check/vitest'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { erf, power, roundHalfEven } from '../../src/device/reference/special.js'

/** Maclaurin series for small arguments, Lentz's continued fraction of erfc for large ones. */
const slowErf = (x: number): number => {
  const magnitude = Math.abs(x)
  if (magnitude < 2) {
    let term = magnitude
    let sum = magnitude
    for (let n = 1; Math.abs(term) > 1e-20; n++) {
      term *= -(magnitude * magnitude) / n
      sum += term / (2 * n + 1)
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI)
  }
  let fraction = 0
  for (let k = 200; k >= 1; k--) fraction = k / 2 / (magnitude + fraction)
  return Math.sign(x) * (1 - Math.exp(-magnitude * magnitude) / (Math.sqrt(Math.PI) * (magnitude + fraction)))
}

test.prop([fc.double({ min: -7, max: 7, noNaN: true })], { numRuns: 2000, seed: 1 })('erf agrees with two slow methods', (x) => {
  expect(Math.abs(erf(x) - slowErf(x))).toBeLessThan(4e-15)
})

test('erf at tabulated points', () => {
  expect(Math.abs(erf(0.5) - 0.5204998778130465)).toBeLessThan(1e-16)
  expect(Math.abs(erf(1) - 0.8427007929497149)).toBeLessThan(2e-16)
  expect(Math.abs(erf(3) - 0.9999779095030014)).toBeLessThan(2e-16)
  expect(erf(Infinity)).toBe(1)
  expect(erf(-Infinity)).toBe(-1)
  expect(erf(NaN)).toBeNaN()
})

test('halves round to even, also where the doubles are integers already', () => {
  expect([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2 ** 52 + 1, -(2 ** 53)].map(roundHalfEven)).toEqual([-2, -2, -0, 0, 2, 2, 2 ** 52 + 1, -(2 ** 53)])
  expect(roundHalfEven(Infinity)).toBe(Infinity)
  expect(roundHalfEven(NaN)).toBeNaN()
})

test('powers of ±1', () => {
  expect([power(1, NaN), power(1, Infinity), power(-1, -Infinity), power(NaN, 0)]).toEqual([1, 1, 1, 1])
})
