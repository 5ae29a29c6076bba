import { expect, test } from 'vitest'
import { clock, remainingTime } from '../../src/consumers/index.js'

test('the remaining time is the median step time, without the first step, times what remains', () => {
  expect(remainingTime([9000, 100, 100, 100, 5000], 10)).toBe(1000)
  expect(remainingTime([9000], 2)).toBe(18000)
  expect(remainingTime([], 5)).toBe(0)
})

test('times are told in hours, minutes and seconds', () => {
  expect(clock(61_000)).toBe('1:01')
  expect(clock(3_661_000)).toBe('1:01:01')
  expect(clock(-5)).toBe('0:00')
})
