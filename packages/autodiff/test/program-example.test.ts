import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DerivativeError } from '@tabula/tensor'
import { listing, refused, zero } from './program-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../README.md')

test('the example in README.md is the file that is compiled and run', () => {
  expect(readme).toContain(`\`\`\`ts\n${read('./program-example.ts')}\`\`\``)
})

test('the listing and the message in README.md are what it answers', () => {
  const indented = (text: string): string => text.split('\n').map((line) => `    ${line}`).join('\n')
  expect(readme).toContain(indented(listing))
  expect(refused).toThrow(DerivativeError)
  const message = ((): string => {
    try {
      return refused()
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : ''
    }
  })()
  expect(readme.replace(/\n {4}/g, ' ')).toContain(message)
  expect(zero()).toContain('broadcastTo(0, shape=[2,4])')
})
