import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { program } from '../../src/index.js'
import { loadCheckpoint } from '../../src/trainer/index.js'
import { failing } from '../trainer/failing-device.js'
import { right, tiny } from '../trainer/tiny.js'

/** The step in which the device of every command fails. */
const at = 3

vi.mock('../../src/device.js', async (original) => {
  const real = await original<typeof import('../../src/device.js')>()
  return { ...real, chooseDevice: () => pipe(real.chooseDevice('cpu'), TE.map((chosen) => ({ ...chosen, device: failing(chosen.device, at, false) }))) }
})

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tabula-failing-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a device that fails in a step: the command writes the state before it, says why, and how to go on', async () => {
  let [stdout, stderr] = ['', '']
  const run = (...argv: readonly string[]): Promise<number> =>
    program({ argv, stdout: { write: (text) => void (stdout += text), interactive: false }, stderr: (text) => void (stderr += text), listen: () => new AbortController().signal })
  const [data, config, out] = [join(folder, 'data'), join(folder, 'tiny.json'), join(folder, 'run')]
  for (const split of ['train', 'val']) expect(await run('shapes', data, '--images', '3', '--seed', '4', '--split', split)).toBe(0)
  writeFileSync(config, JSON.stringify(tiny()))
  expect(await run('train', config, '--data', data, '--out', out)).toBe(1)
  expect(stderr).toContain(`Training failed at step ${at}: fake: the adapter was taken away`)
  expect(stdout).toContain(`The checkpoint of step ${at - 1} is kept. To go on from it: npx --no -- tabula train --resume ${out}\n`)
  expect(right(await loadCheckpoint(out)()).progress.step).toBe(at - 1)
})
