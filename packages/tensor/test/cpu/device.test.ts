import { either as E } from 'fp-ts'
import { describe, expect, it } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import { cpuDevice } from '../../src/device/cpu/index.js'
import type { Device, Executable } from '../../src/device/device.js'
import { graphOf } from '../../src/graph/graph.js'
import type { Graph } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import { floats, integers, scalar, valueOf } from '../../src/value.js'
import { expectAgreement, open, random, randomIndices } from './agree.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const compile = async (device: Device, graph: Graph): Promise<Executable> => right(await device.compile(graph)())

/** state ← state + input·weight, beside it the old state's sum. */
const accumulate = (shape: readonly number[]): Graph => {
  const state = placeholder('state', { shape, dtype: 'f32' })
  const input = placeholder('input', { shape, dtype: 'f32' })
  return graphOf([state, input], [bind('add', {}, state, input), bind('reduceSum', { axes: shape.map((_, k) => k), keepDimensions: false }, state)])
}

describe('structure', () => {
  const branch = (scale: number): Graph => {
    const x = placeholder('x', { shape: [3, 2], dtype: 'f32' })
    const y = placeholder('y', { shape: [2], dtype: 'f32' })
    const scaled = bind('mul', {}, x, bind('constant', { value: scalar(scale) }))
    return graphOf([x, y], [bind('add', {}, scaled, y), bind('transpose', { permutation: [1, 0] }, scaled), bind('reduceSum', { axes: [0], keepDimensions: false }, y)])
  }

  it.each([-3, 0, 1, 2, 9])('cond with the index %i', async (index) => {
    const device = await open()
    const graphs = [branch(1), branch(-2), branch(5)]
    await expectAgreement(device, (i, x, y) => (i === undefined || x === undefined || y === undefined ? [] : bindAll('cond', { branches: graphs }, i, x, y)), [integers([], [index]), random(1, [3, 2]), random(2, [2])], { fixed: [0] })
  })

  it('cond in cond, twice with one index', async () => {
    const device = await open()
    const x = placeholder('x', { shape: [3, 2], dtype: 'f32' })
    const i = placeholder('i', { shape: [], dtype: 'i32' })
    const y = placeholder('y', { shape: [2], dtype: 'f32' })
    const outer = (sign: number): Graph => {
      const inner = bindAll('cond', { branches: [branch(sign), branch(3 * sign)] }, i, x, y)
      return graphOf([i, x, y], inner)
    }
    const graphs = [outer(1), outer(-1)]
    for (const index of [0, 1]) {
      const f = (...operands: readonly Tensor[]): readonly Tensor[] => {
        const [first] = operands
        return first === undefined ? [] : [...bindAll('cond', { branches: graphs }, first, ...operands), ...bindAll('cond', { branches: graphs.toReversed() }, first, ...operands)]
      }
      await expectAgreement(device, f, [integers([], [index]), random(1, [3, 2]), random(2, [2])], { fixed: [0] })
    }
  })

  it('results that are inputs, that appear twice, and that branches and other results use', async () => {
    const device = await open()
    const f = (i?: Tensor, x?: Tensor, y?: Tensor): readonly Tensor[] => {
      if (i === undefined || x === undefined || y === undefined) return []
      const scaled = bind('exp', {}, x)
      const chosen = bindAll('cond', { branches: [branch(2), branch(-1)] }, i, scaled, y)
      return [x, scaled, scaled, bind('transpose', { permutation: [1, 0] }, scaled), ...chosen, bind('add', {}, scaled, y), y]
    }
    for (const index of [0, 1]) await expectAgreement(device, f, [integers([], [index]), random(1, [3, 2]), random(2, [2])], { fixed: [0], variants: 6 })
  })

  it('call, stopGradient, barrier and allReduce pass values on', async () => {
    const device = await open()
    const f = (...[x, y]: readonly Tensor[]): readonly Tensor[] => {
      if (x === undefined || y === undefined) return []
      return [
        ...bindAll('call', { name: 'f', graph: branch(2) }, x, y),
        bind('stopGradient', {}, x),
        bind('allReduce', { label: 'norm' }, y),
        ...bindAll('barrier', {}, x, y, bind('mul', {}, x, x)),
        bind('exp', {}, bind('barrier', {}, x, y)),
        bind('exp', {}, x)
      ]
    }
    await expectAgreement(device, f, [random(1, [3, 2]), random(2, [2])], { variants: 6 })
  })

  it('a program of 20,000 nodes in a row', async () => {
    const device = await open()
    const x = placeholder('x', { shape: [2], dtype: 'f32' })
    let y: Tensor = x
    for (let k = 0; k < 20_000; k++) y = bind(k % 2 === 0 ? 'neg' : 'abs', {}, y)
    const executable = await compile(device, graphOf([x], [y]))
    expect(right(await executable.run([floats([2], [1, -2])])())).toEqual([floats([2], [1, 2])])
    expect(executable.report.kernels).toBeGreaterThanOrEqual(20_000)
  })
})

describe.each(['c-api', 'binding'] as const)('a device over %s', (engine) => {
  it('holds state, steps it and hands out copies', async () => {
    const device = await open({ engine, threads: 2 })
    const executable = await compile(device, accumulate([2, 2]))
    const state = right(await device.hold([floats([2, 2], [1, 2, 3, 4])])())
    const one = floats([2, 2], [1, 1, 1, 1])
    expect(right(await executable.advance(state, [one])())).toEqual([scalar(10)])
    const after1 = right(await state.read())
    expect(right(await executable.advance(state, [one])())).toEqual([scalar(14)])
    expect(right(await executable.advance(state, [one])())).toEqual([scalar(18)])
    expect(after1).toEqual([floats([2, 2], [2, 3, 4, 5])])
    expect(right(await state.read())).toEqual([floats([2, 2], [4, 5, 6, 7])])
  })

  it('branches a kept state twice, bit for bit', async () => {
    const device = await open({ engine, threads: 2 })
    const executable = await compile(device, accumulate([100]))
    const trunk = right(await device.hold([random(1, [100])])())
    for (let k = 0; k < 10; k++) right(await executable.advance(trunk, [random(k, [100])])())
    const kept = right(await trunk.read())
    const finish = async () => {
      const twig = right(await device.hold(kept)())
      for (let k = 10; k < 20; k++) right(await executable.advance(twig, [random(k, [100])])())
      return right(await twig.read())
    }
    for (let k = 10; k < 20; k++) right(await executable.advance(trunk, [random(k, [100])])())
    const expected = right(await trunk.read())
    expect(await finish()).toEqual(expected)
    expect(await finish()).toEqual(expected)
  })

  it('steps of one state that are asked for at once follow one another', async () => {
    const device = await open({ engine, threads: 2 })
    const executable = await compile(device, accumulate([2]))
    const state = right(await device.hold([floats([2], [0, 0])])())
    const results = await Promise.all([1, 2, 3].map((k) => executable.advance(state, [floats([2], [k, k])])()))
    expect(results.map(right)).toEqual([[scalar(0)], [scalar(2)], [scalar(6)]])
  })

  it('a step that fails leaves the state as it was', async () => {
    const device = await open({ engine, threads: 1 })
    const state = placeholder('state', { shape: [3], dtype: 'f32' })
    const indices = placeholder('indices', { shape: [3], dtype: 'i32' })
    const executable = await compile(device, graphOf([state, indices], [bind('gather', { axis: 0, batchDims: 0 }, state, indices)]))
    const held = right(await device.hold([floats([3], [1, 2, 3])])())
    expect(E.isLeft(await executable.advance(held, [integers([3], [0, 1, 3])])())).toBe(true)
    expect(right(await held.read())).toEqual([floats([3], [1, 2, 3])])
    right(await executable.advance(held, [integers([3], [2, 1, 0])])())
    expect(right(await held.read())).toEqual([floats([3], [3, 2, 1])])
  })

  it('answers a value for inputs that do not fit', async () => {
    const device = await open({ engine, threads: 1 })
    const executable = await compile(device, accumulate([2]))
    const wrong = await executable.run([floats([2], [1, 2]), integers([2], [1, 2])])()
    expect(wrong).toMatchObject({ left: { _tag: 'WrongInputs', message: 'cpu: input 1 "input": expected f32[2], found i32[2]' } })
    const other = await open({ engine, threads: 1 })
    const state = right(await other.hold([floats([2], [1, 2])])())
    expect(await executable.advance(state, [floats([2], [1, 2])])()).toMatchObject({ left: { _tag: 'WrongInputs' } })
  })

  it('every element type crosses the border', async () => {
    const device = await open({ engine, threads: 1 })
    const values = [random(1, [2, 3]), randomIndices(2, [4], 9), valueOf('u32', [2], [4294967295, 7]), valueOf('bool', [3], [1, 0, 1]), scalar(3), floats([0, 2], [])]
    await expectAgreement(device, (...operands) => operands, values)
  })
})

describe('a device', () => {
  it('reads inputs of the reference interpreter, in double precision', async () => {
    const device = await open()
    const executable = await compile(device, accumulate([2]))
    const doubles = { kind: 'host', dtype: 'f32', shape: [2], data: Float64Array.of(0.1, 0.2) } as const
    expect(right(await executable.run([doubles, doubles])())[0]).toEqual(floats([2], [0.2, 0.4]))
  })

  it('leaves the event loop free while it runs', async () => {
    const device = await open({ engine: 'c-api', threads: 1 })
    const x = placeholder('x', { shape: [700, 700], dtype: 'f32' })
    const executable = await compile(device, graphOf([x], [Array.from({ length: 12 }).reduce<Tensor>((y) => bind('matmul', {}, y, x), x)]))
    let ticks = 0
    const timer = setInterval(() => ticks++, 2)
    right(await executable.run([random(1, [700, 700], -0.01, 0.01)])())
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(3)
  })

  it('runs brief programs at once', async () => {
    const device = await open()
    const executable = await compile(device, accumulate([2]))
    let hasTurned = false
    setImmediate(() => (hasTurned = true))
    expect(right(await executable.run([floats([2], [1, 2]), floats([2], [3, 4])])())[0]).toEqual(floats([2], [4, 6]))
    expect(hasTurned).toBe(false)
  })

  it('says what it cannot do', async () => {
    const device = await open()
    const boxes = placeholder('boxes', { shape: [1, 2, 4], dtype: 'f32' })
    const scores = placeholder('scores', { shape: [1, 2], dtype: 'f32' })
    const compiled = await device.compile(graphOf([boxes, scores], [bind('nms', { iouThreshold: 2, inclusive: false, offset: 0 }, boxes, scores)]))()
    expect(compiled).toMatchObject({ left: { _tag: 'Unsupported', primitive: 'nms' } })
  })

  it('reports its engine', async () => {
    const device = right(await cpuDevice({ engine: 'binding', threads: 1 })())
    const { report } = await compile(device, accumulate([2]))
    expect(report).toMatchObject({ device: 'cpu', segments: 1, notes: [] })
    expect(report.engine).toMatch(/through its Node.js binding$/)
  })
})
