import { readFileSync } from 'node:fs'
import { cpuDevice } from '@tabula/tensor/cpu'
import { either as E } from 'fp-ts'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Case, Contestant } from '../src/gradient-comparison/case.js'
import { casesOf, compareGradients } from '../src/gradient-comparison/compare.js'
import type { Row } from '../src/gradient-comparison/compare.js'
import { jax } from '../src/gradient-comparison/contestants/jax.js'
import { tabula } from '../src/gradient-comparison/contestants/tabula.js'
import { tfjs } from '../src/gradient-comparison/contestants/tfjs.js'
import { expectedOf } from '../src/gradient-comparison/expected.js'
import { judge } from '../src/gradient-comparison/judge.js'
import { numbers } from '../src/gradient-comparison/numbers.js'
import { readOptions } from '../src/gradient-comparison/options.js'
import { showComparison } from '../src/gradient-comparison/table.js'

const document = readFileSync(new URL('../../docs/gradients-compared.md', import.meta.url), 'utf8')

/** Cases in which some library is right, wrong, throws, or has no such operation. */
const chosen = ['exp', 'maximum, broadcast', 'max of equals, moved together', 'pad between elements', 'prod with a factor 0', 'smooth L1 loss, β = 1']

describe('derivatives in TensorFlow.js, jax-js and Tabula', () => {
  let contestants: readonly Contestant[] = []
  let rows: readonly Row[] = []
  let cases: readonly Case[] = []

  beforeAll(async () => {
    const device = await cpuDevice()()
    if (E.isLeft(device)) throw new Error(device.left.message)
    contestants = [await tfjs('cpu'), await jax('wasm'), tabula(device.right)]
    cases = (await casesOf()).map(({ c }) => c)
    rows = await compareGradients(contestants, await casesOf((name) => chosen.includes(name)))
  })

  const tagsOf = (name: string) => rows.find((row) => row.name === name)?.verdicts.map((verdicts) => Object.fromEntries(Object.entries(verdicts).map(([derivative, { _tag }]) => [derivative, _tag])))
  const everywhere = (tag: string) => ({ grad: tag, jvp: tag, 'grad of grad': tag, 'jvp of grad': tag })

  test('of exp, TensorFlow.js has the first and not the second', () => {
    expect(tagsOf('exp')).toEqual([{ grad: 'right', 'grad of grad': 'wrong' }, everywhere('right'), everywhere('right')])
  })

  test('what throws, is wrong, or is not there, is told apart', () => {
    expect(tagsOf('maximum, broadcast')?.[0]).toEqual({ grad: 'throws', 'grad of grad': 'throws' })
    expect(tagsOf('prod with a factor 0')?.[1]).toEqual(everywhere('wrong'))
    expect(tagsOf('pad between elements')?.[1]).toEqual(everywhere('none'))
    expect(tagsOf('max of equals, moved together')?.[0]).toEqual({ grad: 'wrong', 'grad of grad': 'throws' })
    expect(tagsOf('smooth L1 loss, β = 1')?.[0]).toEqual({ grad: 'right', 'grad of grad': 'throws' })
  })

  test('all of these are right in Tabula', () => {
    expect(rows).toHaveLength(chosen.length)
    rows.forEach(({ verdicts }) => expect(Object.values(verdicts[2] ?? {}).map(({ _tag }) => _tag)).toEqual(['right', 'right', 'right', 'right']))
  })

  test('the document has these rows, and one of every case', () => {
    const withoutNotes = (line: string): string => line.replaceAll(/ \[\d+\]/g, '')
    const known = document.split('\n').map(withoutNotes)
    const table = showComparison(contestants, rows).split('\n').map(withoutNotes)
    table.filter((line) => chosen.some((name) => line.startsWith(`| ${name} |`))).forEach((line) => expect(known).toContain(line))
    expect(cases.length).toBeGreaterThan(100)
    expect(cases.filter(({ name }) => !document.includes(`\n| ${name} |`)).map(({ name }) => name)).toEqual([])
  })
})

test('Tabula is measured as the others are: a derivative that is wrong or throws is found', async () => {
  const c: Case = { name: 'x', at: [numbers([2], [1, 2])], tabula: (x) => x }
  const contestant: Contestant = {
    name: 'a library',
    version: '1',
    derivatives: ['grad', 'jvp', 'grad of grad'],
    has: () => true,
    value: () => Promise.resolve(expectedOf(c).value),
    derive: (_c, derivative) => (derivative === 'jvp' ? Promise.reject(new Error('none\nat all')) : Promise.resolve(derivative === 'grad' ? [[0, 0]] : [[1]]))
  }
  const { grad, jvp, 'grad of grad': second } = await judge(contestant, c, expectedOf(c))
  expect(grad).toEqual({ _tag: 'wrong', note: expect.stringMatching(/^all zero; argument 0, element 1: 0 instead of 1.797/) })
  expect(jvp).toEqual({ _tag: 'throws', note: 'none' })
  expect(second).toEqual({ _tag: 'wrong', note: 'answers 1 numbers where 2 are due' })
})

test('options: all libraries unless named', () => {
  expect(readOptions([])).toEqual({ only: ['tfjs', 'jax', 'tabula'], tfjs: 'cpu', jax: 'wasm' })
  expect(readOptions(['--only', 'tabula,jax', '--jax', 'cpu'])).toEqual({ only: ['jax', 'tabula'], tfjs: 'cpu', jax: 'cpu' })
  expect(() => readOptions(['--tfjs', 'node'])).toThrow('--tfjs node: expected some of cpu, wasm')
})
