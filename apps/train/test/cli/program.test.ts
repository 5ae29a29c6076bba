import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { program } from '../../src/index.js'

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tabula-program-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = async (...argv: readonly string[]) => {
  let [stdout, stderr] = ['', '']
  const code = await program({
    argv,
    stdout: { write: (text) => void (stdout += text), interactive: false },
    stderr: (text) => void (stderr += text),
    signal: new AbortController().signal
  })
  return { code, stdout, stderr }
}

test('what is drawn has the statistics that are told, and evaluates to 1 against itself', async () => {
  expect((await run('shapes', folder, '--images', '3', '--seed', '5')).code).toBe(0)
  const annotations = join(folder, 'annotations', 'instances_train.json')
  const stats = await run('coco', 'stats', '--annotations', annotations, '--json')
  expect(JSON.parse(stats.stdout)).toMatchObject({ images: 3 })
  const { annotations: list } = JSON.parse(readFileSync(annotations, 'utf8'))
  const results = join(folder, 'results.json')
  writeFileSync(results, JSON.stringify(list.map((entry: object) => ({ ...entry, score: 0.9 }))))
  for (const type of ['bbox', 'segm']) {
    const { code, stdout } = await run('coco', 'eval', '--annotations', annotations, '--results', results, '--type', type, '--json')
    expect(code).toBe(0)
    const { stats: numbers, perCategory } = JSON.parse(stdout)
    expect(numbers).toHaveLength(12)
    expect(numbers[0]).toBeGreaterThan(0.99)
    expect(perCategory).toHaveLength(8)
  }
})

test.each<[string, readonly string[], RegExp]>([
  ['an unknown command', ['trian'], /train/],
  ['a missing argument', ['evaluate'], /run/],
  ['a seed that is no number', ['shapes', 'x', '--images', '1', '--seed', 'one'], /integer/],
  ['no configuration', ['train'], /--resume/],
  ['a missing configuration', ['train', 'nowhere.json'], /nowhere\.json.*no such file/],
  ['a missing data folder', ['train', 'configs/shapes.json', '--data', 'nowhere'], /--data nowhere/],
  ['a folder that is no run', ['evaluate', 'nowhere'], /nowhere.*training run/],
  ['a missing annotation file', ['coco', 'stats', '--annotations', 'nowhere.json'], /nowhere\.json/]
])('%s: exit code 2 and what to do', async (_, argv, message) => {
  const { code, stdout, stderr } = await run(...argv)
  expect(code).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toMatch(message)
})
