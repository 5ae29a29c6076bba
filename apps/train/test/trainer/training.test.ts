import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/index.js'
import { metrics } from '../../src/consumers/index.js'
import { chooseDevice } from '../../src/device.js'
import { drawScenes } from '../../src/scenes/index.js'
import { checkpointPath, initialState, loadCheckpoint, restore, saveCheckpoint, setUp, train } from '../../src/trainer/index.js'
import type { TrainingEvent, TrainingPlan } from '../../src/trainer/index.js'
import { right, tiny } from './tiny.js'

let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tabula-training-'))
  for (const split of ['train', 'val']) right(await drawScenes({ directory: join(folder, 'data'), images: 5, seed: 3, split })())
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Trains into a folder, until the end or as if killed after an event, and answers the events. */
const trained = async (name: string, config: Config, more: Partial<TrainingPlan> = {}, killed: (event: TrainingEvent) => boolean = () => false): Promise<readonly TrainingEvent[]> => {
  const run = join(folder, name)
  mkdirSync(run, { recursive: true })
  const device = right(await chooseDevice('cpu')())
  const setup = right(await setUp(config, join(folder, 'data'))())
  const log = metrics(run)
  const events: TrainingEvent[] = []
  for await (const event of train({ config, setup, device, run, ...more })) {
    events.push(event)
    await log(event)
    if (killed(event)) break
  }
  return events
}

const bytes = (run: string, file: string): string => readFileSync(join(folder, run, file)).toString('base64')

describe('a training run', () => {
  test('of 20 steps equals 10, an interruption and 10 more, bit for bit', async () => {
    const events = await trained('whole', tiny())
    expect(events.map(({ type }) => type).filter((type) => type !== 'step')).toEqual(['started', 'compiled', 'checkpointed', 'checkpointed', 'checkpointed', 'checkpointed', 'evaluating', 'evaluating', 'evaluating', 'evaluating', 'evaluated', 'finished'])
    expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual(Array.from({ length: 20 }, (_, k) => k + 1))
    const first = await trained('parts', tiny(), { until: 10 })
    expect(first.at(-1)).toEqual({ type: 'stopped', step: 10 })
    const checkpoint = right(await loadCheckpoint(join(folder, 'parts'))())
    const rest = await trained('parts', tiny(), { checkpoint })
    expect(rest.at(-1)?.type).toBe('finished')
    expect(bytes('parts', 'metrics.jsonl')).toBe(bytes('whole', 'metrics.jsonl'))
    expect(bytes('parts', 'checkpoint.safetensors')).toBe(bytes('whole', 'checkpoint.safetensors'))
  })

  test('that is killed after a checkpoint, killed and interrupted in evaluations, and resumed, equals one that is not', async () => {
    const config: Config = { ...tiny({ steps: 6, warmUp: { steps: 2 } }), checkpoint: { every: 2 } }
    const often: Config = { ...config, evaluation: { ...config.evaluation, every: 2 } }
    await trained('steady', often)
    await trained('shaken', often, {}, (event) => event.type === 'checkpointed')
    const checkpoint = async () => right(await loadCheckpoint(join(folder, 'shaken'))())
    await trained('shaken', often, { checkpoint: await checkpoint() }, (event) => event.type === 'evaluating' && event.step === 4 && event.done > 0)
    const controller = new AbortController()
    const events = await trained('shaken', often, { checkpoint: await checkpoint(), signal: controller.signal }, (event) => {
      if (event.type === 'evaluating' && event.step === 6) controller.abort()
      return false
    })
    expect(events.filter(({ type }) => type === 'evaluated').map(({ step }) => step)).toEqual([4])
    expect(events.at(-1)).toEqual({ type: 'stopped', step: 6 })
    for (const _ of ['owed', 'again']) expect((await trained('shaken', often, { checkpoint: await checkpoint() })).at(-1)?.type).toBe('finished')
    expect(bytes('shaken', 'metrics.jsonl')).toBe(bytes('steady', 'metrics.jsonl'))
    expect(bytes('shaken', 'checkpoint.safetensors')).toBe(bytes('steady', 'checkpoint.safetensors'))
  })

  test('stops with a checkpoint where it is interrupted', async () => {
    const controller = new AbortController()
    controller.abort()
    const events = await trained('interrupted', tiny(), { signal: controller.signal })
    expect(events.map(({ type }) => type)).toEqual(['started', 'checkpointed', 'stopped'])
  })

  test('stops at a loss that is not finite, names it, the layers and the images, and keeps the last good checkpoint', async () => {
    const config = tiny({ learningRate: 1e30, warmUp: { steps: 0 } })
    const events = await trained('diverging', { ...config, checkpoint: { every: 100 } }, {})
    const last = events.at(-1)
    expect(last?.type).toBe('failed')
    const message = last?.type === 'failed' ? last.failure.message : ''
    expect(message).toMatch(/^Step \d+: (the loss "\w+" is (NaN|-?Infinity)|all losses are finite)/)
    expect(message).toMatch(/layer: (backbone|rpn|roi_heads)\.[\w.]+: /)
    expect(message).toMatch(/images: \d+ \(\d+\.jpg\)/)
    expect(message).toMatch(/learning rate: 1e\+30/)
    expect(message).toContain('No checkpoint was written before it.')
    expect(readdirSync(join(folder, 'diverging'))).not.toContain('checkpoint.safetensors')
  })

  test('never writes a checkpoint that is not finite over a good one, and names the step at which it began', async () => {
    // From step 7 on the rate is 1e30; step 12 would overwrite the checkpoint of step 6.
    await trained('late', tiny(), { until: 6 })
    const checkpoint = right(await loadCheckpoint(join(folder, 'late'))())
    const events = await trained('late', tiny({ learningRate: 1e30, warmUp: { steps: 0 } }), { checkpoint })
    const last = events.at(-1)
    const message = last?.type === 'failed' ? last.failure.message : ''
    expect(message).toMatch(/^Step [78]: /)
    expect(message).toMatch(/layer: (backbone|rpn|roi_heads)\.[\w.]+: /)
    expect(message).toContain('The last good checkpoint, of step 6, is kept')
    expect(right(await loadCheckpoint(join(folder, 'late'))()).progress.step).toBe(6)
  })
})

describe('a checkpoint', () => {
  test('comes back as it was, keeps the one before, leaves no partial file; a truncated one is an error', async () => {
    const config = tiny()
    const setup = right(await setUp(config, join(folder, 'data'))())
    const state = right(initialState(config, setup))
    const run = join(folder, 'saved')
    mkdirSync(run)
    const progress = { step: 1, position: { epoch: 0, index: 2 }, seen: { images: 2, instances: 9, pixels: 8192 }, seed: 0, digest: 'x', categories: [{ id: 1, name: 'circle' }] }
    right(await saveCheckpoint(run, state, progress)())
    right(await saveCheckpoint(run, state, { ...progress, step: 2 })())
    expect(readdirSync(run).sort()).toEqual(['checkpoint-previous.safetensors', 'checkpoint.safetensors'])
    const loaded = right(await loadCheckpoint(run)())
    expect(loaded.progress).toEqual({ ...progress, step: 2 })
    expect(right(restore(state, loaded, 'everything'))).toEqual(state)
    truncateSync(checkpointPath(run), 1000)
    const damaged = await loadCheckpoint(run)()
    expect(E.isLeft(damaged) && damaged.left).toMatchObject({ exitCode: 2, message: expect.stringContaining('checkpoint.safetensors') })
  })
})
