import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tiny } from '../trainer/tiny.js'

const launcher = fileURLToPath(new URL('../../bin/tabula.js', import.meta.url))
let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'tabula-launcher-'))))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tabula = (...args: readonly string[]) => spawnSync(process.execPath, [launcher, ...args], { cwd: folder, encoding: 'utf8' })

test('--help names every command', () => {
  const { status, stdout } = tabula('--help')
  expect(status).toBe(0)
  for (const command of ['train', 'evaluate', 'predict', 'shapes', 'start', 'coco']) expect(stdout).toContain(command)
})

test('a configuration with mistakes: exit code 2, all of them on standard error, nothing written', () => {
  writeFileSync(join(folder, 'bad.json'), '{ "optimization": { "steps": 0, "lerningRate": 1 } }')
  const { status, stdout, stderr } = tabula('train', 'bad.json', '--out', 'run')
  expect(status).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain('bad.json: 2 problems')
  expect(stderr).toContain('Did you mean optimization.learningRate?')
  expect(readdirSync(folder)).toEqual(['bad.json'])
})

test('an interrupted training leaves a checkpoint, tells how to go on, and ends with exit code 130', async () => {
  const data = join(folder, 'data')
  for (const split of ['train', 'val']) expect(tabula('shapes', data, '--images', '2', '--seed', '1', '--split', split).status).toBe(0)
  writeFileSync(join(folder, 'long.json'), JSON.stringify(tiny({ steps: 100_000 })))
  const child = spawn(process.execPath, [launcher, 'train', 'long.json', '--data', data, '--out', 'stopped'], { cwd: folder })
  let told = ''
  child.stdout.on('data', (text) => {
    if (!told.includes('step 2/') && String(text).includes('step 2/')) child.kill('SIGINT')
    told += String(text)
  })
  const code = await new Promise((done) => child.on('exit', done))
  expect(code).toBe(130)
  expect(told).toContain('To go on: npx --no -- tabula train --resume stopped')
  expect(readdirSync(join(folder, 'stopped')).sort()).toEqual(expect.arrayContaining(['checkpoint.safetensors', 'metrics.jsonl']))
  expect(readdirSync(join(folder, 'stopped'))).not.toContain('lock.json')
})
