import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { report } from './readme-kit-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the kit in README.md is the file that is compiled and run, and prints what README.md shows', () => {
  const section = read('../../README.md').split('## Testing derivatives')[1] ?? ''
  const [, example] = /```ts\n([\s\S]*?)```/.exec(section) ?? []
  expect(example).toBe(read('./readme-kit-example.ts'))
  const [, shown = ''] = /```text\n([\s\S]*?)```/.exec(section) ?? []
  const [before = '', after = ''] = shown.split('// …\n')
  expect(before).not.toBe('')
  expect(report).toContain(before)
  expect(report).toContain(after)
})
