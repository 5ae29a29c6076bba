import { expect, test } from 'vitest'

test('the entry point can be imported', async () => {
  expect(await import('../src/index.js')).toBeDefined()
})
