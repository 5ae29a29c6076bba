import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { detections } from '../src/quick-start.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

test("the README's quick start is the file that is compiled and run here", () => {
  const block = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1]
  expect(block).toBe(readFileSync(join(root, 'examples/src/quick-start.ts'), 'utf8'))
})

test('it detects: 100 rows of boxes, labels, scores and masks of 28 × 28', () => {
  if (E.isLeft(detections)) throw new Error(detections.left.message)
  const { boxes, scores, labels, masks } = detections.right
  expect([boxes, scores, labels, masks].map(({ shape }) => shape)).toEqual([[1, 100, 4], [1, 100], [1, 100], [1, 100, 28, 28]])
  expect(Array.from(boxes.data).every((x) => x >= 0 && x <= 128)).toBe(true)
  expect(Array.from(masks.data).every((x) => x >= 0 && x <= 1)).toBe(true)
})
