import { createHash } from 'node:crypto'
import { either as E } from 'fp-ts'
import { describe, expect, it } from 'vitest'
import { bind } from '../../src/bind.js'
import { stagesOf } from '../../src/device/cpu/stages.js'
import { graphOf } from '../../src/graph/graph.js'
import type { Graph } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import { floats, integers, scalar } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'
import { open } from './agree.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** Numbers in [−0.02, 0.02), made faster than one by one for so many. */
const random = (seed: number, of: readonly number[]): HostValue => {
  let state = seed
  return floats(of, new Float32Array(of.reduce((product, dim) => product * dim, 1)).map(() => ((state = (Math.imul(state, 1664525) + 1013904223) | 0) / 2 ** 31) * 0.02))
}

/** A little more than what is worth a second stage, and square, so that it can be multiplied by itself. */
const shape = [520, 520] as const
const leaf = (name: string, of: readonly number[] = shape): Tensor => placeholder(name, { shape: of, dtype: 'f32' })
const add = (a: Tensor, b: Tensor): Tensor => bind('add', {}, a, b)
const sub = (a: Tensor, b: Tensor): Tensor => bind('sub', {}, a, b)
const mul = (a: Tensor, b: Tensor | number): Tensor => bind('mul', {}, a, typeof b === 'number' ? bind('constant', { value: scalar(b) }) : b)
const matmul = (a: Tensor, b: Tensor): Tensor => bind('matmul', {}, a, b)
const sum = (x: Tensor): Tensor => bind('reduceSum', { axes: x.shape.map((_, k) => k), keepDimensions: false }, x)

const [w, m, x, rate, b] = [leaf('w'), leaf('m'), leaf('x'), leaf('rate', []), leaf('b')]

/** Momentum descent on w, which the loss, its gradient and the weight decay read. */
const descent = (): Graph => {
  const y = matmul(x, w)
  const gradient = matmul(matmul(x, y), w)
  const velocity = add(mul(m, 0.9), add(gradient, mul(w, 0.1)))
  return graphOf([w, m, x, rate], [sub(w, mul(velocity, rate)), velocity, sum(y)])
}

interface Case {
  readonly graph: Graph
  readonly inPlace: readonly number[]
  readonly unchanged: readonly number[]
}

/** Steps of a state of two arrays, or of as many as `stateSizes` says: what may be written in place, and what is unchanged. */
const cases: Readonly<Record<string, Case>> = {
  'momentum descent': { graph: descent(), inPlace: [0, 1], unchanged: [] },
  'an array that is only read': { graph: graphOf([w, m, x], [w, add(m, matmul(x, w)), sum(w)]), inPlace: [1], unchanged: [0] },
  'no array changed': { graph: graphOf([w, m, x], [w, m, sum(add(w, x))]), inPlace: [], unchanged: [0, 1] },
  'arrays that change places': { graph: graphOf([w, m, b, x], [m, w, add(b, x)]), inPlace: [2], unchanged: [] },
  'arrays that change places and change': { graph: graphOf([w, m, b, x], [mul(m, 2), add(w, x), add(b, x)]), inPlace: [2], unchanged: [] },
  'one new value for two arrays': { graph: graphOf([w, m, x], [add(w, m), add(w, m), sum(x)]), inPlace: [], unchanged: [] },
  'one node for two arrays': ((): Case => {
    const both = add(w, mul(m, x))
    return { graph: graphOf([w, m, x], [both, both, sum(x)]), inPlace: [0, 1], unchanged: [] }
  })(),
  'the old value answered beside the new one': { graph: graphOf([w, m, x], [add(w, x), add(m, x), w, sum(m)]), inPlace: [0, 1], unchanged: [] },
  'the old value moved to the other array': { graph: graphOf([w, m, x], [add(w, x), w]), inPlace: [0], unchanged: [] },
  'an array that two updates read': { graph: graphOf([w, m, x], [add(w, x), add(m, mul(w, 0.5))]), inPlace: [0, 1], unchanged: [] },
  'a new value that is no elementwise one': { graph: graphOf([w, m, x], [matmul(w, x), add(m, x)]), inPlace: [1], unchanged: [] },
  'a new value that is read further': ((): Case => {
    const next = add(w, x)
    return { graph: graphOf([w, m, x], [next, add(m, matmul(next, m)), sum(next)]), inPlace: [1], unchanged: [] }
  })(),
  'one element that all read': ((): Case => {
    const count = leaf('count', [])
    return { graph: graphOf([count, w, m, x], [add(count, bind('constant', { value: scalar(1) })), sub(w, mul(x, count)), add(m, x)]), inPlace: [0, 1, 2], unchanged: [] }
  })()
}

const stateSizes = new Map([['arrays that change places', 3], ['arrays that change places and change', 3], ['one element that all read', 3]])

describe('stagesOf', () => {
  it.each(Object.entries(cases))('%s', (name, { graph, inPlace, unchanged }) => {
    const staged = stagesOf(graph, stateSizes.get(name) ?? 2)
    expect([...(staged?.inPlace ?? [])].sort()).toEqual(inPlace)
    expect([...(staged?.unchanged ?? [])]).toEqual(unchanged)
  })

  it('hands a momentum from stage to stage where it is kept, and no gradient', () => {
    const stages = stagesOf(descent(), 2)?.stages ?? []
    expect(stages.map(({ outputs }) => outputs)).toEqual([
      [{ of: 'output', index: 1 }, { of: 'output', index: 2 }],
      [{ of: 'output', index: 0 }]
    ])
    expect(stages[1]?.inputs).toEqual([{ of: 'output', index: 1 }, { of: 'input', index: 3 }, { of: 'input', index: 0 }])
  })

  it('leaves a small state and integer divisions alone', () => {
    const small = leaf('small', [10])
    expect(stagesOf(graphOf([small], [add(small, small)]), 1)).toBeUndefined()
    const whole = placeholder('whole', { shape, dtype: 'i32' })
    expect(stagesOf(graphOf([whole], [bind('div', {}, whole, whole)]), 1)).toBeUndefined()
  })
})

const bytes = (values: readonly HostValue[]): readonly string[] => values.map(({ data }) => createHash('sha1').update(data).digest('hex'))

describe.each(['c-api', 'binding'] as const)('a step over %s', (engine) => {
  const opened = open({ engine, threads: 2 })
  const few = ['momentum descent', 'an array that is only read', 'arrays that change places', 'one node for two arrays']
  it.each(Object.entries(cases).filter(([name]) => engine === 'c-api' || few.includes(name)))('%s: three steps, bit for bit those of a program that writes nothing in place', async (name, { graph }) => {
    const count = stateSizes.get(name) ?? 2
    const device = await opened
    const executable = right(await device.compile(graph, { state: count })())
    const whole = right(await device.compile(graph)())
    const inputs = graph.inputs.map(({ shape: of }, index) => random(index + 1, of))
    const rest = inputs.slice(count)
    const held = right(await device.hold(inputs.slice(0, count))())
    let state: readonly HostValue[] = inputs.slice(0, count)
    for (let step = 0; step < 3; step++) {
      const expected = right(await whole.run([...state, ...rest])())
      expect(bytes(right(await executable.run([...state, ...rest])()))).toEqual(bytes(expected))
      expect(bytes(right(await executable.advance(held, rest)()))).toEqual(bytes(expected.slice(count)))
      state = right(await held.read())
      expect(bytes(state)).toEqual(bytes(expected.slice(0, count)))
    }
    // What the caller gave is as it was.
    expect(bytes(inputs)).toEqual(bytes(graph.inputs.map(({ shape: of }, index) => random(index + 1, of))))
    executable.release()
    whole.release()
  })

  it('a copy that is asked for during a step is that of the state after it', async () => {
    const device = await opened
    const executable = right(await device.compile(descent(), { state: 2 })())
    const [state, rest] = [[random(1, shape), random(2, shape)], [random(3, shape), scalar(0.01)]]
    const held = right(await device.hold(state)())
    const running = executable.advance(held, rest)()
    // By the next turn of the event loop the step has begun.
    await new Promise((resolve) => setImmediate(resolve))
    const during = held.read()
    right(await running)
    expect(bytes(right(await during))).toEqual(bytes(right(await held.read())))
  })

  const indices = placeholder('indices', { shape: [2], dtype: 'i32' })
  const picked = bind('gather', { axis: 0, batchDims: 0 }, w, indices)
  it.each([
    ['before anything is written over', graphOf([w, m, indices], [sub(w, m), add(m, matmul(w, w)), picked]), false],
    ['while a new momentum may have been written', graphOf([w, m, indices], [sub(w, mul(matmul(w, w), 0.5)), add(m, matmul(w, w)), picked]), engine === 'c-api']
  ])('a step that fails %s', async (_name, graph, isLost) => {
    const device = await opened
    const executable = right(await device.compile(graph, { state: 2 })())
    const state = [random(1, shape), random(2, shape)]
    const held = right(await device.hold(state)())
    // Refused before the engine runs.
    expect(E.isLeft(await executable.advance(held, [floats([2], [0, 1])])())).toBe(true)
    expect(bytes(right(await held.read()))).toEqual(bytes(state))
    expect(E.isLeft(await executable.advance(held, [integers([2], [0, 9999])])())).toBe(true)
    const [after, next] = [await held.read(), await executable.advance(held, [integers([2], [0, 1])])()]
    if (isLost) {
      for (const refused of [after, next]) expect(refused).toMatchObject({ left: { _tag: 'ExecutionFailed', message: expect.stringMatching(/^cpu: the state is lost.*gather/is) } })
    } else {
      expect(bytes(right(after))).toEqual(bytes(state))
      right(next)
    }
  })
})
