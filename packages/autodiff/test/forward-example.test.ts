import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { outcome } from './forward-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of forward mode in README.md is the file that is compiled and run', () => {
  expect(read('../README.md')).toContain(`\`\`\`ts\n${read('./forward-example.ts')}\`\`\``)
})

test('its predictions, their derivatives along two directions, and the curvature', () => {
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const [value, tangent, alongBias, slope, bias] = outcome.right.map(({ data }) => Array.from(data))
  // At a score of 0: softplus is log 2, its derivative ½, its second derivative ¼; the score grows by 1 along the direction.
  expect(value?.[0]).toBeCloseTo(Math.log(2), 14)
  expect(tangent).toEqual([0.5])
  expect(alongBias).toEqual([0])
  expect(slope).toEqual([0.125, 0.125])
  expect(bias).toEqual([0.125])
})
