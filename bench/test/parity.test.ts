import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors, hostValue } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { compare, rowOf } from '../src/parity/compare.js'
import { totalsOf } from '../src/parity/row.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const temporary = mkdtempSync(join(tmpdir(), 'tabula-parity-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const parity = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@tabula/source', '--import', 'tsx', join(root, 'bench/src/parity/main.ts'), ...args],
    { cwd: root, encoding: 'utf8' }
  )
  return { status, stderr, last: stdout.trimEnd().split('\n').at(-1) ?? '', stdout }
}

const original = decodeSafetensors(readFileSync(join(root, 'fixtures/torch/elementwise.safetensors')))
const tensors = E.isRight(original) ? original.right.tensors : new Map<string, HostValue>()

/** A folder of fixtures with one torch case, whose recorded tensors may be changed. */
const folderWith = (name: string, row: object, change: (name: string, value: HostValue) => HostValue): string => {
  const folder = join(temporary, name, 'fixtures')
  mkdirSync(join(folder, 'torch'), { recursive: true })
  writeFileSync(join(folder, 'torch/cases.json'), JSON.stringify([row]))
  const own = [...tensors].filter(([key]) => key.startsWith('unary_sigmoid/'))
  const bytes = encodeSafetensors(own.map(([key, value]) => [key, change(key, value)] as const))
  if (E.isLeft(bytes)) throw new Error(bytes.left.message)
  writeFileSync(join(folder, 'torch/elementwise.safetensors'), bytes.right)
  return folder
}

const sigmoid = { name: 'unary_sigmoid', group: 'elementwise', op: 'sigmoid', attrs: {}, inputs: ['x'], outputs: ['y'], grads: ['x'] }
const shifted = ({ shape, data }: HostValue): HostValue => hostValue('f32', shape, Float64Array.from(data, (x: number) => x + 1e-9))

describe('the parity runner', () => {
  test('passes a case of another folder', () => {
    const { status, last } = parity('--fixtures', folderWith('good', sigmoid, (_, value) => value))
    expect([status, last]).toEqual([0, '1 passed, 0 failed, 0 skipped'])
  })

  test.each(['unary_sigmoid/out.y', 'unary_sigmoid/grad.x'])('fails where %s is off by 1e-9', (changed) => {
    const folder = folderWith(changed.replace('/', '-'), sigmoid, (key, value) => (key === changed ? shifted(value) : value))
    expect(parity('--fixtures', folder)).toMatchObject({ status: 1, last: '0 passed, 1 failed, 0 skipped' })
  })

  test('fails an operation that is neither known nor allowed to be missing', () => {
    const { status, stdout } = parity('--fixtures', folderWith('unknown', { ...sigmoid, op: 'frobnicate' }, (_, value) => value))
    expect(status).toBe(1)
    expect(stdout).toContain('no operation is known for frobnicate')
  })

  test('fails a case with an argument or an operand that the comparison would pass over', () => {
    const argument = parity('--fixtures', folderWith('argument', { ...sigmoid, attrs: { temperature: 2, note: 'a text' } }, (_, value) => value))
    expect(argument.stdout).toContain('sigmoid knows no argument temperature')
    const known = { ...sigmoid, attrs: { approximate: null } }
    expect(parity('--fixtures', folderWith('null', known, (_, value) => value))).toMatchObject({ status: 0 })
    const folder = folderWith('operand', { ...sigmoid, op: 'add', inputs: ['x'] }, (_, value) => value)
    expect(parity('--fixtures', folder)).toMatchObject({ status: 1 })
  })

  test.each([
    ['--device', 'abacus'],
    ['--only', 'no-such-case'],
    ['--fixtures', '/no/such/folder'],
    ['--frobnicate', '1']
  ])('refuses %s %s with exit code 2 and says what it takes', (option, value) => {
    const { status, stderr } = parity(option, value)
    expect(status).toBe(2)
    expect(stderr).toContain('npm run parity')
  })
})

test('files that are missing, cut off or unknown are failures that name them, and the rest is compared', () => {
  const folder = folderWith('broken', sigmoid, (_, value) => value)
  for (const set of ['coco', 'images', 'maskrcnn', 'poses']) mkdirSync(join(folder, set))
  writeFileSync(join(folder, 'coco/tiny_cases.json'), '[{"name":')
  writeFileSync(join(folder, 'images/images.json'), '{ "files": [], "coco": [] }')
  writeFileSync(join(folder, 'images/pixels.safetensors.gz'), 'no gzip')
  writeFileSync(join(folder, 'maskrcnn/x.eval.safetensors.gz'), '')
  writeFileSync(join(folder, 'torch/cases.json'), JSON.stringify([sigmoid, { ...sigmoid, group: 'absent' }]))
  const { status, stdout, stderr, last } = parity('--fixtures', folder)
  expect([status, stderr, last]).toEqual([1, '', '1 passed, 5 failed, 0 skipped'])
  for (const message of ['absent.safetensors', 'tiny_cases.json: expected JSON', 'pixels.safetensors.gz: expected a whole gzip file', 'x.config.json is missing', 'the folder poses']) {
    expect(stdout).toContain(message)
  }
})

test('operations agree with PyTorch in further shapes and forms: negative axes, ascending order, subscripts, paddings', () => {
  expect(parity('--fixtures', join(root, 'bench/test/fixtures/more'))).toMatchObject({ status: 0, last: '179 passed, 0 failed, 0 skipped' })
})

test.each(['reference', 'cpu'])('operations agree with PyTorch where NaN, infinities, ties, empty targets and absent options decide, on %s', (device) => {
  expect(parity('--fixtures', join(root, 'bench/test/fixtures/special'), '--device', device)).toMatchObject({ status: 0, last: '198 passed, 0 failed, 0 skipped' })
})

describe('comparing', () => {
  test('a difference in shape is a failure, and says so', () => {
    const row = rowOf('torch', 'x', [compare('y', { shape: [2], data: [1, 2] }, { shape: [1, 2], data: [1, 2] }, () => 1)])
    expect(row).toMatchObject({ status: 'failed', note: 'y has shape [2], recorded [1,2]' })
  })

  test('NaN agrees with NaN alone, an infinity with its equal alone', () => {
    const error = (found: number, wanted: number) => compare('y', { shape: [1], data: [found] }, { shape: [1], data: [wanted] }, () => 1).error
    expect([error(NaN, NaN), error(Infinity, Infinity), error(NaN, 0), error(0, NaN), error(-Infinity, Infinity)]).toEqual([0, 0, Infinity, Infinity, Infinity])
  })

  test('nothing compared is a failure; unavailable cases count as skipped', () => {
    expect(rowOf('torch', 'x', []).status).toBe('failed')
    expect(totalsOf([{ set: 'a', name: 'b', status: 'unavailable' }, { set: 'a', name: 'c', status: 'passed' }])).toEqual({ passed: 1, failed: 0, skipped: 1 })
  })
})
