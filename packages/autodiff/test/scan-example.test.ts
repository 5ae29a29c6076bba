import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { outcome } from './scan-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of scan in README.md is the file that is compiled and run', () => {
  expect(read('../README.md')).toContain(`\`\`\`ts\n${read('./scan-example.ts')}\`\`\``)
})

/** The loss of the example in plain numbers. */
const lossAt = (recurrent: readonly number[], input: readonly number[]): number => {
  let sum = 0
  const state = Array.from({ length: 3 }, () => [0, 0] as readonly number[])
  for (let t = 0; t < 64; t++) {
    for (let n = 0; n < 3; n++) {
      const h = state[n] ?? []
      const x = Math.sin(t * 3 + n)
      const next = [0, 1].map((j) => Math.tanh((h[0] ?? 0) * (recurrent[j] ?? 0) + (h[1] ?? 0) * (recurrent[2 + j] ?? 0) + x * (input[j] ?? 0)))
      next.forEach((y, j) => (sum += (y - Math.cos((t * 3 + n) * 2 + j)) ** 2))
      state[n] = next
    }
  }
  return sum
}

test('its numbers', () => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const [loss, recurrent, input] = outcome.right.map(({ data }) => Array.from(data))
  const [w, v] = [[0.5, -0.2, 0.3, 0.4], [1, 1]]
  expect(loss?.[0]).toBeCloseTo(lossAt(w, v), 9)
  const moved = (at: readonly number[], index: number, by: number): readonly number[] => at.map((x, k) => (k === index ? x + by : x))
  const h = 1e-5
  w.forEach((_, k) => expect(recurrent?.[k]).toBeCloseTo((lossAt(moved(w, k, h), v) - lossAt(moved(w, k, -h), v)) / (2 * h), 5))
  v.forEach((_, k) => expect(input?.[k]).toBeCloseTo((lossAt(w, moved(v, k, h)) - lossAt(w, moved(v, k, -h))) / (2 * h), 5))
})
