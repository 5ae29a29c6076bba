import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { showError } from '@tabula/tensor'
import type { Device } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { referenceDevice } from '@tabula/tensor/reference'
import { losses } from './readme-example.js'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const trained = async (device: Device): Promise<readonly number[]> => {
  const outcome = await losses(device, 20)()
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

describe('the example in README.md', () => {
  test('is the file that is compiled and run', () => {
    const [, example] = /```ts\n([\s\S]*?)```/.exec(read('../README.md')) ?? []
    expect(example).toBe(read('./readme-example.ts'))
  })

  test('learns, on the native CPU device as in the reference interpreter', async () => {
    const native = await pipe(
      cpuDevice(),
      TE.getOrElse((error) => {
        throw new Error(showError(error))
      })
    )()
    const [fast, exact] = [await trained(native), await trained(referenceDevice())]
    expect(exact[0]).toBeGreaterThan(0.6)
    expect(exact.at(-1)).toBeLessThan(0.2)
    exact.forEach((loss, step) => expect(fast[step]).toBeCloseTo(loss, 4))
  })
})
