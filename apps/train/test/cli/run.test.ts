import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program } from '../../src/index.js'
import { tiny } from '../trainer/tiny.js'

let folder = ''
const at = (...names: readonly string[]): string => join(folder, ...names)

const run = async (...argv: readonly string[]) => {
  let [stdout, stderr] = ['', '']
  const code = await program({
    argv,
    stdout: { write: (text) => void (stdout += text), interactive: false },
    stderr: (text) => void (stderr += text),
    listen: () => new AbortController().signal
  })
  return { code, stdout, stderr }
}

/** Every file below a folder with its content. */
const contents = (path: string): readonly (readonly [string, string])[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [join(entry.parentPath, entry.name), readFileSync(join(entry.parentPath, entry.name), 'base64')] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** That a command is refused with this message, and changes nothing. */
const refused = async (message: RegExp, ...argv: readonly string[]): Promise<void> => {
  const before = contents(folder)
  const { code, stdout, stderr } = await run(...argv)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(message)
  expect(contents(folder)).toEqual(before)
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tabula-run-'))
  for (const split of ['train', 'val']) expect((await run('shapes', at('data'), '--images', '3', '--seed', '4', '--split', split)).code).toBe(0)
  const config = tiny({ steps: 3, warmUp: { steps: 1 } })
  writeFileSync(at('tiny.json'), JSON.stringify({ ...config, model: { ...config.model, detections: { ...config.model.detections, scoreThreshold: 0.01 } } }))
  writeFileSync(at('other.json'), JSON.stringify({ ...config, model: { ...config.model, width: 8 } }))
  expect((await run('train', at('tiny.json'), '--data', at('data'), '--out', at('run'))).code).toBe(0)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a folder that holds a run is not trained into again', () => refused(/--out .*run: expected a folder without a training run/, 'train', at('tiny.json'), '--data', at('data'), '--out', at('run')))

test('a run is not resumed with another seed, folder, configuration, or fewer steps', async () => {
  await refused(/--seed 7: expected the run's, 0/, 'train', '--resume', at('run'), '--seed', '7')
  await refused(/--out .*elsewhere: expected none with --resume/, 'train', '--resume', at('run'), '--out', at('elsewhere'))
  await refused(/--resume .*other\.json/, 'train', at('other.json'), '--resume', at('run'))
  await refused(/--until 2: expected at least the 3 steps/, 'train', '--resume', at('run'), '--until', '2')
})

test('a run is not resumed on other objects than it has seen', async () => {
  cpSync(at('data'), at('moved'), { recursive: true })
  const file = at('moved', 'annotations', 'instances_train.json')
  const { annotations, ...rest } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...rest, annotations: annotations.slice(1) }))
  await refused(/--resume .*: expected the training images, objects and categories that the run has seen, found others in .*moved/, 'train', '--resume', at('run'), '--data', at('moved'))
})

test('a run whose logs are damaged is not resumed', async () => {
  cpSync(at('run'), at('damaged'), { recursive: true })
  const file = at('damaged', 'metrics.jsonl')
  writeFileSync(file, readFileSync(file, 'utf8').replace('{"type"', '{"ty'))
  await refused(/metrics\.jsonl: line 1: expected what `tabula train` writes/, 'train', '--resume', at('damaged'))
})

test('a run that another process trains is refused; a lock that a killed process left is taken over', async () => {
  const lock = (pid: number, started: string): void => writeFileSync(at('run', 'lock.json'), JSON.stringify({ pid, host: hostname(), started, since: '2026-01-01' }))
  const started = existsSync('/proc/self/stat') ? readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ')[19] ?? '' : ''
  lock(process.pid, started)
  await refused(new RegExp(`expected a run that no other process trains, found process ${process.pid} `), 'train', '--resume', at('run'))
  // A process of the same number that was started at another time is another one.
  lock(process.pid, '1')
  const { code, stdout } = await run('train', '--resume', at('run'), '--json')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n').map((line) => JSON.parse(line).type)).toEqual(['started', 'evaluating', 'evaluating', 'evaluating', 'evaluated', 'finished'])
  expect(readdirSync(at('run'))).not.toContain('lock.json')
})

test('images that are missing or damaged are told together, before anything is written', async () => {
  cpSync(at('data'), at('spoiled'), { recursive: true })
  const image = (id: number): string => at('spoiled', 'train', `${String(id).padStart(12, '0')}.jpg`)
  rmSync(image(1))
  truncateSync(image(2), 600)
  writeFileSync(image(3), 'text')
  await refused(
    /instances_train\.json: 3 problems\n.*file_name of image 1: .*no such file.*\n.*file_name of image 2: .*truncated or damaged.*\n.*file_name of image 3: .*no image format/,
    'train', at('tiny.json'), '--data', at('spoiled'), '--out', at('never')
  )
})

test('an evaluation of a run gives the numbers of the last one of its training, with any limit of detections', async () => {
  const last = readFileSync(at('run', 'metrics.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line)).findLast(({ type }) => type === 'evaluation')
  const { code, stdout } = await run('evaluate', at('run'), '--json')
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(last.table)
  const more = await run('evaluate', at('run'), '--max-dets', '200', '--image-ids', '1,3', '--json')
  expect(JSON.parse(more.stdout)).toMatchObject({ maxDets: 200, images: 2 })
})

test('a dry run tells JSON alone where that is asked for, and writes nothing', async () => {
  const before = contents(folder)
  const { code, stdout } = await run('train', at('tiny.json'), '--data', at('data'), '--dry-run', '--json')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n').map((line) => JSON.parse(line).type).filter((type) => type !== 'evaluating')).toEqual(
    ['started', 'compiled', 'step', 'step', 'checkpointed', 'stopped', 'started', 'compiled', 'step', 'checkpointed', 'evaluated', 'finished']
  )
  expect(contents(folder)).toEqual(before)
})

test('pictures are not written over images, and equal names are told apart', async () => {
  cpSync(at('data', 'train', '000000000001.jpg'), at('pictures', 'a.png'), { recursive: true })
  for (const name of ['a.jpg', 'a-2.jpg']) cpSync(at('pictures', 'a.png'), at('pictures', name))
  await refused(/--out .*pictures: expected a folder in which pictures overwrite no image, found .*a\.png/, 'predict', at('run'), at('pictures', 'a.png'), '--out', at('pictures'))
  await refused(/nowhere\.jpg: 1 problem[^]*tiny\.json: 1 problem/, 'predict', at('run'), at('nowhere.jpg'), at('tiny.json'), '--out', at('drawn'))
  const { code } = await run('predict', at('run'), ...['a.png', 'a.jpg', 'a-2.jpg'].map((name) => at('pictures', name)), '--out', at('drawn'), '--threshold', '0')
  expect(code).toBe(0)
  expect(readdirSync(at('drawn')).sort()).toEqual(['a-2-2.png', 'a-2.png', 'a.png', 'results.json'])
})
