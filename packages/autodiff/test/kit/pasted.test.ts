import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bind, floats, graphOf, hostValue, placeholder } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'
import { customVjp } from '../../src/index.js'
import { checkGradients, showMismatch } from '../../src/testing/index.js'
import type { GradientCheck, GradientMismatch } from '../../src/testing/index.js'

const folder = mkdtempSync(join(import.meta.dirname, '.pasted-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs files with Node's own test runner, in one process, and answers the line of each test. */
const runFiles = (files: Readonly<Record<string, string>>, tests: readonly string[]): { readonly lines: readonly string[]; readonly output: string } => {
  Object.entries(files).forEach(([name, text]) => writeFileSync(join(folder, name), text))
  writeFileSync(join(folder, 'all.ts'), tests.map((name) => `import '${name}'\n`).join(''))
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@tabula/source', '--import', 'tsx', '--test-reporter=tap', join(folder, 'all.ts')], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    // vitest's own settings are not for the child.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  })
  const output = `${stdout}${stderr}`
  return { lines: output.split('\n').filter((line) => /^(not )?ok /.test(line)), output }
}

const mismatchOf = <At>(f: Parameters<typeof checkGradients<At>>[0], check: GradientCheck<At>): GradientMismatch<At> => {
  const outcome = checkGradients(f, check)
  if (outcome._tag === 'Right' || outcome.left._tag !== 'GradientMismatch') throw new Error('a mismatch was expected')
  return outcome.left
}

const wrong = customVjp((x: Tensor) => bind('sin', {}, x), { name: 'sine', vjp: ([x], _y, c) => [bind('neg', {}, bind('mul', {}, c, bind('cos', {}, x)))] })

/** The module of a user whose gradient has a sign that can be chosen. */
const module = (sign: string): string => `import { bind } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { customVjp } from '@tabula/autodiff'
const sine = customVjp((x: Tensor) => bind('sin', {}, x), { name: 'sine', vjp: ([x], _y, c) => [${sign === '-' ? "bind('neg', {}, bind('mul', {}, c, bind('cos', {}, x)))" : "bind('mul', {}, c, bind('cos', {}, x))"}] })
export const energy = ({ x, scale }: { readonly x: Tensor; readonly scale: Tensor }): Tensor => bind('mul', {}, sine(x), scale)
`

describe('showMismatch prints a test', () => {
  const at = { x: floats([2, 3], [0.3, -1.2, 2.1, 0.4, 1.7, -0.6]), scale: floats([3], [1.5, -2, 0.25]) }
  const mismatch = mismatchOf(({ x, scale }) => bind('mul', {}, wrong(x), scale), { at, orders: 2 })

  test('of a user’s function by its name, at the smallest point', () => {
    const text = showMismatch(mismatch, { name: 'energy', from: './energy.js' })
    expect(text).toMatchInlineSnapshot(`
      "import assert from 'node:assert/strict'
      import { test } from 'node:test'
      import { hostValue } from '@tabula/tensor'
      import { checkGradients } from '@tabula/autodiff/testing'
      import { energy } from './energy.js'

      // Derivative of order 1: reverse mode gives -0.540302306 along a direction in which central differences give 0.540302306.
      // x: f32[]
      //   value      1
      //   direction  1
      // scale: f32[]
      //   value      1
      //   direction  0
      // result 0, weighted with 1
      // What is wrong is the derivative that "sine" brings along:
      // program(%x0: f32[])
      //   %0 = call(%x0, name="sine", vjp=given) : f32[]
      //     graph(%operand0: f32[])
      //       %0 = sin(%operand0) : f32[]
      //       return %0: f32[]
      //   return %0: f32[]
      test("sine: derivative of order 1", () => {
        const outcome = checkGradients(energy, {
          at: { x: hostValue('f32', [], Float64Array.of(1)), scale: hostValue('f32', [], Float64Array.of(1)) },
          orders: [1],
          modes: ['reverse']
        })
        assert.equal(outcome._tag, 'Right', outcome._tag === 'Left' ? outcome.left.message : '')
      })
      "
    `)
  })

  test('for vitest and for jest', () => {
    expect(showMismatch(mismatch, { runner: 'vitest' })).toContain("import { test } from 'vitest'")
    expect(showMismatch(mismatch, { runner: 'jest' })).not.toMatch(/from '(node:test|vitest)'/)
  })

  test('that needs nothing else where a rule of Tabula’s is wrong, with programs within programs; and node:test runs all of them: what is wrong fails, what is right passes', () => {
    const half = (x: Tensor): Tensor => bind('mul', {}, x, bind('constant', { value: hostValue('f32', [], Float64Array.of(0.5)) }))
    const closed = (shape: Sizes, f: (x: Tensor) => Tensor) => {
      const x = placeholder('x', { shape, dtype: 'f32' })
      return graphOf([x], [f(x)])
    }
    const f = ({ x }: { readonly x: Tensor }): readonly Tensor[] => {
      const index = bind('constant', { value: hostValue('i32', [], Int32Array.of(1)) })
      const branch = bind('cond', { branches: [closed(x.shape, half), closed(x.shape, (y) => bind('exp', {}, y))] }, index, x)
      return [bind('topK', { k: 1 }, bind('call', { name: 'half', graph: closed(x.shape, half) }, branch)), bind('roiAlign', { outputSize: [1, 1], samplingRatio: 1, scales: [1], aligned: false }, bind('reshape', { shape: [1, 1, 1, 2] }, branch), bind('constant', { value: floats([1, 4], [0, 0, 2, 1]) }), bind('constant', { value: hostValue('i32', [1], Int32Array.of(0)) }), bind('constant', { value: hostValue('i32', [1], Int32Array.of(0)) }))]
    }
    // No rule is wrong, so the part is put in by hand.
    const x = placeholder('x', { shape: [2], dtype: 'f32' })
    const culprit = { graph: graphOf([x], f({ x })), operands: [floats([2], [0.5, 1])], call: undefined }
    const written = showMismatch({ ...mismatch, culprit })
    expect(written).toContain("bindAll('topK', { k: 1 }")
    const named = (from: string): string => showMismatch(mismatch, { name: 'energy', from })
    const { lines, output } = runFiles(
      { 'wrong.ts': module('-'), 'wrong.test.ts': named('./wrong.js'), 'right.ts': module('+'), 'right.test.ts': named('./right.js'), 'program.test.ts': written },
      ['./wrong.test.js', './right.test.js', './program.test.js', '../node-test-example.js']
    )
    expect(lines).toEqual([
      'not ok 1 - sine: derivative of order 1',
      'ok 2 - sine: derivative of order 1',
      expect.stringMatching(/^ok 3 - cond, call, topK, .*: derivative of order 1$/),
      'ok 4 - a loss at one point, to second order',
      'ok 5 - a layer, for matrices of all shapes that can be multiplied',
      'ok 6 - laws, for parameters of any structure'
    ])
    expect(output).toContain('Derivative of order 1: reverse mode gives -0.540302306')
  })
})
