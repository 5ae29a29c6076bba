import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { outcome } from './readme-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example in README.md is the file that is compiled and run', () => {
  const [, example] = /```ts\n([\s\S]*?)```/.exec(read('../README.md')) ?? []
  expect(example).toBe(read('./readme-example.ts'))
})

test('its loss and gradients', () => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const [loss, weights, bias] = outcome.right.map(({ data }) => Array.from(data))
  const p = 1 / (1 + Math.exp(-0.5))
  const slope = 2 * (p - 1) * p * (1 - p)
  expect(loss?.[0]).toBeCloseTo(2 * (1 - p) ** 2, 14)
  expect(weights?.[0]).toBeCloseTo(slope, 14)
  expect(weights?.[1]).toBeCloseTo(-slope, 14)
  expect(bias?.[0]).toBeCloseTo(0, 14)
})
