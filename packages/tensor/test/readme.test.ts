import { readFileSync } from 'node:fs'
import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { floats, key, normal, showError } from '../src/index.js'
import type { HostValue } from '../src/index.js'
import { cpuDevice } from '../src/device/cpu/index.js'
import { referenceDevice } from '../src/device/reference/index.js'
import { fitted, predicted } from './readme-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const right = <L extends Parameters<typeof showError>[0], A>(outcome: E.Either<L, A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

describe('the example in README.md', () => {
  test('is the file that is compiled and run', () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(read('../README.md')) ?? []
    expect(example).toBe(read('./readme-example.ts'))
  })

  test('predicts, and finds the weights again, on the native CPU device as in the reference interpreter', async () => {
    for (const device of [referenceDevice(), right(await cpuDevice()())]) {
      const y: HostValue = right(await predicted(device)())
      expect(y.shape).toEqual([16, 1])
      const { weight } = right(await fitted(device, floats([16, 1], Array.from(y.data, Number)), 60)())
      normal(key(7), [3, 1]).data.forEach((expected, k) => expect(weight.data[k]).toBeCloseTo(expected, 3))
    }
  })
})
