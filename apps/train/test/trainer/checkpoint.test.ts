import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import { floats } from '@tabula/tensor'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCheckpoint, saveCheckpoint } from '../../src/trainer/index.js'

let run = ''
beforeAll(() => void (run = mkdtempSync(join(tmpdir(), 'tabula-checkpoint-'))))
afterAll(() => rmSync(run, { recursive: true, force: true }))

/** What reading answers after a checkpoint with one weight and this step was written. */
const readBack = async (weight: number, step: number) => {
  const value = floats([1], [weight])
  const state = { params: { w: value }, state: {}, optimizer: { step: floats([], [0]), slots: { momentum: { w: floats([1], [0]) } } } }
  const progress = { step, position: { epoch: 0, index: 0 }, seen: { images: 0, instances: 0, pixels: 0 }, seed: 0, digest: '', categories: [] }
  expect(E.isRight(await saveCheckpoint(run, state, progress)())).toBe(true)
  return loadCheckpoint(run)()
}

test('a checkpoint is read as it was written', async () => {
  const found = await readBack(0.5, 3)
  expect(E.isRight(found) ? [found.right.progress.step, found.right.tensors.get('params.w')?.data[0]] : found).toEqual([3, 0.5])
})

test.each([
  { what: 'a weight that is not finite', weight: NaN, step: 3, message: /"params\.w": expected finite numbers/ },
  { what: 'a step that is no count', weight: 0.5, step: -3.5, message: /metadata "tabula": expected what/ }
])('$what is refused with the file and what to do', async ({ weight, step, message }) => {
  const found = await readBack(weight, step)
  expect(E.isLeft(found) ? found.left : found).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) })
})
