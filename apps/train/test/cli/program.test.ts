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
    listen: () => new AbortController().signal
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

test('mistakes in files are told with file and place, and nothing is written', async () => {
  const at = (name: string, content: unknown): string => {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }
  const image = { id: 1, width: 32, height: 32, file_name: 'a.png' }
  const annotation = { id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 5, 5], area: 25, iscrowd: 0 }
  const categories = [{ id: 1, name: 'dot' }]
  const good = at('good.json', { images: [image], annotations: [annotation], categories })
  const result = { image_id: 1, category_id: 1, bbox: [1, 1, 5, 5], score: 0.5 }
  const against = (name: string, results: unknown): readonly string[] => ['coco', 'eval', '--annotations', good, '--results', at(name, results), '--type', 'bbox']
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['coco', 'stats', '--annotations', at('large.json', { images: [{ ...image, width: 60000, height: 60000 }], annotations: [annotation], categories })], /large\.json: 1 problem\n {2}images\[0\]: expected an image of at most 100 million pixels, found 60000 × 60000/],
    [['coco', 'stats', '--annotations', at('size.json', { images: [{ ...image, width: -5 }], annotations: [annotation], categories })], /size\.json: 1 problem\n.*found -5 × 32/],
    [['coco', 'stats', '--annotations', at('area.json', { images: [image], annotations: [{ ...annotation, area: -4 }], categories })], /annotations\[0\]\.area.*found -4/],
    [against('stranger.json', [{ ...result, image_id: 7 }]), /stranger\.json: 1 problem\n {2}\[0\]\.image_id/],
    [against('corners.json', [result, { ...result, bbox: [5, 5, -3, 2] }]), /corners\.json: 1 problem\n {2}\[1\]\.bbox.*found -3 × 2/],
    [[...against('fine.json', [result]), '--max-dets', '0'], /--max-dets.*at least 1/],
    [[...against('fine.json', [result]), '--max-dets', ','], /--max-dets.*at least 1/],
    [['evaluate', folder, '--image-ids', ','], /--image-ids.*at least 0/],
    [['train', folder], /expected a configuration file, found a folder/],
    [['train', at('empty.json', '')], /empty\.json: expected JSON, found an empty file/],
    [['train', at('many.json', { optimization: { steps: 1, batch: 1e9 } })], /optimization\.batch: expected an integer from 1 to 4096/],
    [['train', at('huge.json', { data: { minSize: 16000, maxSize: 16000 }, optimization: { steps: 1, batch: 64 } })], /optimization\.batch: expected a batch whose images hold at most 2,000,000,000 numbers, found 64 of 16000 × 16000 pixels/],
    [['start', '--data', join(folder, 'never'), '--config', 'nowhere.json'], /nowhere\.json.*no such file/],
    [['train', at('wide.json', { model: { width: 1e9 }, optimization: { steps: 1 } })], /model\.width: expected an integer from 1 to 65536/],
    [['shapes', join(good, 'x'), '--images', '1', '--seed', '1'], /a file of this name/]
  ]
  for (const [argv, message] of cases) {
    const { code, stdout, stderr } = await run(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('    at ')
  }
})

test.each<[string, readonly string[], RegExp]>([
  ['an unknown command', ['trian'], /train/],
  ['a missing argument', ['evaluate'], /run/],
  ['a misspelled option, before one that is missing', ['coco', 'stats', '--annotation', 'x'], /Did you mean --annotations\?/],
  ['missing options, all of them', ['coco', 'eval', '--type', 'bbox'], /expected --annotations <file> and --results <file>/],
  ['help for an unknown command', ['help', 'trian'], /unknown command 'trian'[^]*train, evaluate/],
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
