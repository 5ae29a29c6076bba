import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { Misused } from '../src/command-line.js'
import { fuzz, seedOfRound } from '../src/fuzz/check.js'
import { readOptions as readFuzzOptions } from '../src/fuzz/options.js'
import { equivalent, reasonForFew } from '../src/mutants/exceptions.js'
import { judgeOf } from '../src/mutants/judge.js'
import { mutantsOf } from '../src/mutants/make.js'
import type { Mutant } from '../src/mutants/mutant.js'
import { readOptions } from '../src/mutants/options.js'
import { runAll } from '../src/mutants/pool.js'
import type { Outcome } from '../src/mutants/pool.js'
import { compilerFor } from '../src/mutants/program.js'
import { survivorText, tableOf } from '../src/mutants/table.js'

const here = dirname(fileURLToPath(import.meta.url))
const sources = join(here, 'fixtures/rules')
const compiler = compilerFor(join(here, '../..'), sources)
const made = mutantsOf(compiler, 'vjp')
const mutants = made?.mutants ?? []
const changes = (row: string): readonly string[] => mutants.filter((mutant) => mutant.row === row).map(({ operator, original, mutated }) => `${operator}: ${original} → ${mutated}`)
const caseOf = ({ kind, rules, file, text }: Mutant) => ({ kind, rules, changed: { file, text } })

describe('mutants of a folder of rules', () => {
  test('of a rule: its own code changed, and the rule itself left out', () => {
    expect(changes('sub')).toEqual([
      "zero: subRule → 'zero derivative'",
      'sign: c → $neg(c)',
      "zero: c → $bind('mul', {}, c, $number(0))",
      'sign: neg(c) → c',
      "zero: neg(c) → $bind('mul', {}, neg(c), $number(0))"
    ])
    expect(changes('mul')).toEqual(
      expect.arrayContaining([
        'sign: mul(c, b) → $neg(mul(c, b))',
        'dropped term: mul(c, b) → c',
        'dropped term: mul(c, b) → b',
        'swapped operands: (c, a) => mul(c, a) → (a, c) => mul(c, a)'
      ])
    )
    expect(changes('reduceSum')).toEqual(
      expect.arrayContaining(['sign: add(c, mul(x, c)) → $sub(c, mul(x, c))', 'dropped term: add(c, mul(x, c)) → c', 'off by one: 1 → 2', 'condition: axis !== x.shape.length → axis === x.shape.length', 'arithmetic: axis + 1 → axis - 1'])
    )
  })

  test('of code that several rules share: one mutant, found by any of them', () => {
    expect(changes('binary, shared')).toContain('swapped operands: [first(c, a, b), second(c, a, b)] → [second(c, a, b), first(c, a, b)]')
    for (const { rules } of mutants.filter(({ row }) => row === 'binary, shared')) expect(rules).toEqual(['sub', 'mul'])
  })

  test('a rule that is its name in shared code is given changes of that code', () => {
    expect(changes('neg').filter((change) => change.includes('bind(primitive'))).toHaveLength(2)
    for (const { rules } of mutants.filter(({ row }) => row === 'exp')) expect(rules).toEqual(['exp'])
  })

  test('a zero derivative is let through; integer results have no mutants, for a reason', () => {
    expect(changes('sign')).toHaveLength(3)
    expect(changes('less')).toEqual([])
    expect(reasonForFew('vjp', 'less', 'integer results')).toMatch(/neither tangents nor cotangents/)
    expect(reasonForFew('vjp', 'sub', undefined)).toBeUndefined()
  })

  test('ids are unique, no two of a row are the same text, and what does not compile is counted', () => {
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length)
    expect(new Set(mutants.map(({ row, file, text }) => `${row} ${file} ${text}`)).size).toBe(mutants.length)
    expect(made?.refused).toBeGreaterThan(0)
  })

  test('of one rule alone, where it is named', () => {
    const some = mutantsOf(compiler, 'vjp', ['mul'])?.mutants ?? []
    expect(some.length).toBeGreaterThan(0)
    expect(some.every(({ rules }) => rules.includes('mul'))).toBe(true)
  })

  test('a package without rules of a kind has none', () => {
    expect(mutantsOf(compiler, 'vmap')).toBeUndefined()
  })
})

describe('the kit judges a changed module in memory', () => {
  test('nothing is found in the rules as they are, and something in a wrong one', async () => {
    const judge = await judgeOf(sources)
    const effort = { runs: 1, seed: 0 }
    for (const rule of ['sub', 'mul', 'reduceSum', 'neg', 'exp']) expect(judge({ kind: 'vjp', rules: [rule] }, effort)).toEqual({ found: undefined })
    const wrong = mutants.find(({ id }) => id.includes('sign: neg(c) → c'))
    if (wrong === undefined) throw new Error('no such mutant')
    expect(judge(caseOf(wrong), effort)).toEqual({ found: 'sub: sub is ,' })
    // Each evaluation is anew: the mutant before is not seen.
    expect(judge({ kind: 'vjp', rules: ['sub'] }, effort)).toEqual({ found: undefined })
  })

  test('one that does not end is stopped, and the next runs in a new process', async () => {
    const endless = mutants.find(({ id }) => id.includes('arithmetic: axis + 1 → axis - 1'))
    const wrong = mutants.find(({ id }) => id.includes('sign: neg(c) → c'))
    if (endless === undefined || wrong === undefined) throw new Error('no such mutants')
    const outcomes = new Map<number, Outcome>()
    await runAll([caseOf(endless), caseOf(wrong), { kind: 'vjp', rules: ['mul'] }], { workers: 1, limit: 4000, sources, runs: 1, seed: 0 }, (index, outcome) => outcomes.set(index, outcome))
    expect([...outcomes.values()].map(({ end }) => end)).toEqual(['timeout', 'found', 'nothing'])
  })
})

describe('what npm run mutants prints', () => {
  test('a table of kinds and rows, with sums', () => {
    const row = { kind: 'vjp', timeouts: 0, reason: undefined } as const
    const table = tableOf([
      { ...row, name: 'sin', made: 5, killed: 4, survived: 1, equivalent: 0 },
      { ...row, name: 'cos', made: 3, killed: 3, timeouts: 1, survived: 0, equivalent: 2 }
    ])
    expect(table.split('\n').map((line) => line.trim().split(/\s+/))).toEqual([['vjp', 'made', 'killed', 'survived', 'equivalent'], ['sin', '5', '4', '1', '0'], ['cos', '3', '3', '0', '2', '1', 'by', 'their', 'time'], ['all', '8', '7', '1', '2'], ['']])
  })

  test('a survivor with its place, both texts and the command that tries it again', () => {
    const [mutant] = mutants
    if (mutant === undefined) throw new Error('no mutants')
    expect(survivorText({ ...mutant, file: 'vjp/unary.ts', line: 7, original: 'c', mutated: '$neg(c)', rules: ['sin'] }, 42)).toContain('packages/autodiff/src/vjp/unary.ts:7\n  - c\n  + $neg(c)\n  again: npm run mutants -- --kind vjp --rule sin --seed 42')
  })

  test('every equivalent mutant says why', () => {
    for (const why of Object.values(equivalent)) expect(why).toMatch(/^\w.{20,}/)
  })

  test.each([
    [['--kind', 'grad'], '--kind grad: expected some of vjp, jvp, vmap'],
    [['--rule', 'softmax'], '--rule softmax: expected some of '],
    [['--runs', '0'], '--runs 0: expected a whole number from 1'],
    [['--seed', 'x'], '--seed x: expected a whole number from 0'],
    [['--wrong'], "Unknown option '--wrong'"],
    [['word'], 'word']
  ])('%j is answered with a message', (args, message) => {
    expect(() => readOptions(args)).toThrow(Misused)
    expect(() => readOptions(args)).toThrow(message)
  })
})

describe('npm run test:fuzz', () => {
  const passing = { name: 'passing', run: (_seed: number, runs: number) => ({ cases: runs, worst: 1e-9, failure: undefined }) }

  test('the first round is whole whatever the time; later ones add to it until the time is over', () => {
    expect(fuzz([passing], { seed: 1, runs: 3, over: () => true }, () => undefined)).toEqual([{ name: 'passing', cases: 3, worst: 1e-9, failed: undefined }])
    let calls = 0
    expect(fuzz([passing], { seed: 1, runs: 3, over: () => ++calls > 4 }, () => undefined)[0]?.cases).toBe(9)
  })

  test('a failure is told once, with the seed of its round, which as a seed finds it in the first round', () => {
    const bad = seedOfRound(7, 2)
    const failing = { name: 'failing', run: (seed: number, runs: number) => ({ cases: runs, worst: 0, failure: seed === bad ? 'wrong' : undefined }) }
    let calls = 0
    const told: unknown[] = []
    const rows = fuzz([passing, failing], { seed: 7, runs: 1, over: () => ++calls > 20 }, (row) => told.push(row))
    expect(told).toEqual([{ name: 'failing', cases: 3, worst: 0, failed: { seed: bad, failure: 'wrong' } }])
    expect(rows[1]).toEqual(told[0])
    expect(fuzz([failing], { seed: bad, runs: 1, over: () => true }, () => undefined)[0]?.failed?.failure).toBe('wrong')
  })

  test('options', () => {
    expect(readFuzzOptions(['--minutes', '0.5', '--seed', '9'], ['sin'], 4)).toEqual({ minutes: 0.5, seed: 9, only: ['sin'], runs: 10 })
    expect(readFuzzOptions([], ['sin'], 4)?.seed).toBe(4)
    for (const args of [['--minutes', '0'], ['--minutes', 'x'], ['--only', 'cosh'], ['--seed', '-1'], ['--what']]) expect(() => readFuzzOptions(args, ['sin'], 4)).toThrow(Misused)
  })
})
