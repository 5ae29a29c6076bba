import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { numbers } from './expressions.js'
import { bitmap, matches, targets } from './host.js'
import { model } from './mask-rcnn.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const examples = [...read('../../README.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)

describe('the examples in README.md', () => {
  test('are the files that are compiled and run', () => {
    // A file in this package names it by path, and must export what is tested.
    const own = ['mask-rcnn', 'host', 'expressions'].map((name) => read(`./${name}.ts`).replace("'../../src/index.js'", "'@tabula/detection'").replace('export const model', 'const model'))
    expect(own).toEqual(examples)
  })

  test('do what they say', () => {
    expect(Object.keys(model.options)).toContain('backbone')
    expect(matches.labels).toContain(1)
    expect(targets.drawn).toBe(16)
    // Three quarters of 6 × 6 pixels, and half of what bilinear corners cut.
    expect(bitmap.reduce((a, b) => a + b, 0)).toBeGreaterThan(18)
    const [back = [], loss = [], levels = []] = numbers
    expect(back).toEqual([2, 2, 14, 10, 10, 6, 50, 26].map((x) => expect.closeTo(x, 4)))
    expect(loss).toHaveLength(2)
    expect(levels.every((level) => level >= 0 && level <= 3)).toBe(true)
  })
})
