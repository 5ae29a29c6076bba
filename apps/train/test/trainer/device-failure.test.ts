import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseDevice } from '../../src/device.js'
import { drawScenes } from '../../src/scenes/index.js'
import { loadCheckpoint, setUp, train } from '../../src/trainer/index.js'
import type { TrainingEvent } from '../../src/trainer/index.js'
import { failing } from './failing-device.js'
import { right, tiny } from './tiny.js'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tabula-device-failure-'))
  for (const split of ['train', 'val']) right(await drawScenes({ directory: join(folder, 'data'), images: 4, seed: 3, split })())
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const trained = async (name: string, at: number, forgets: boolean): Promise<readonly TrainingEvent[]> => {
  const run = join(folder, name)
  mkdirSync(run)
  const config = tiny()
  const setup = right(await setUp(config, join(folder, 'data'))())
  const { device } = right(await chooseDevice('cpu')())
  const events: TrainingEvent[] = []
  for await (const event of train({ config, setup, device: { device: failing(device, at, forgets), reason: 'to fail' }, run })) events.push(event)
  return events
}

const messageOf = (event: TrainingEvent | undefined): string => (event?.type === 'failed' ? event.failure.message : '')

test('a device that fails in a step: the state before it is written, then the failure is told', async () => {
  const events = await trained('readable', 3, false)
  expect(events.map(({ type }) => type).filter((type) => type !== 'compiled')).toEqual(['started', 'step', 'step', 'checkpointed', 'failed'])
  expect(messageOf(events.at(-1))).toBe('Training failed at step 3: fake: the adapter was taken away')
  expect(right(await loadCheckpoint(join(folder, 'readable'))()).progress.step).toBe(2)
})

test('a device that is lost with its state: the failure is told once, with the checkpoint that is kept', async () => {
  const events = await trained('lost', 9, true)
  expect(events.filter(({ type }) => type === 'failed')).toHaveLength(1)
  expect(messageOf(events.at(-1))).toMatch(/^Training failed at step 9: .*The state after step 8 cannot be read any more\. The checkpoint of step 6 is kept/)
  expect(right(await loadCheckpoint(join(folder, 'lost'))()).progress.step).toBe(6)
})

test('a device that is lost before the first checkpoint leaves none', async () => {
  const events = await trained('early', 1, true)
  expect(messageOf(events.at(-1))).toContain('No checkpoint was written before it.')
  expect(readdirSync(join(folder, 'early'))).not.toContain('checkpoint.safetensors')
})
