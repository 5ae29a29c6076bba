import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { outcome } from './vmap-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of vmap in README.md is the file that is compiled and run', () => {
  expect(read('../README.md')).toContain(`\`\`\`ts\n${read('./vmap-example.ts')}\`\`\``)
})

test('its numbers', () => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const [pull, curvature, slopes] = outcome.right.map(({ data }) => Array.from(data))
  const points = [
    [1, 0],
    [0, 1],
    [2, 2]
  ] as const
  const logits = points.map(([a, b]) => a - b)
  const squares = points.map(([a, b]) => a * a + b * b)
  const targets = [1, 1, 0]
  const probability = logits.map((x) => 1 / (1 + Math.exp(-x)))
  const slope = probability.map((p, k) => 2 * (p - (targets[k] ?? 0)) * p * (1 - p))
  pull?.forEach((x, k) => expect(x).toBeCloseTo((slope[k] ?? 0) ** 2 * (squares[k] ?? 0), 12))
  const bend = probability.map((p, k) => 2 * (p * (1 - p)) ** 2 + 2 * (p - (targets[k] ?? 0)) * p * (1 - p) * (1 - 2 * p))
  const expected = [0, 1].flatMap((i) => [0, 1].map((j) => points.reduce((sum, point, k) => sum + (bend[k] ?? 0) * (point[i] ?? 0) * (point[j] ?? 0), 0)))
  expected.forEach((x, k) => expect(curvature?.[k]).toBeCloseTo(x, 12))
  expect(slopes?.map((x) => x + 0)).toEqual([1, 0, 0, -3])
})
