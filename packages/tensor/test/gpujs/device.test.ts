import { either as E } from 'fp-ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import type { Device } from '../../src/device/device.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import { evaluate } from '../../src/device/reference/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import type { PrimitiveName } from '../../src/primitive.js'
import { key, uniform } from '../../src/random/index.js'
import { deviceConformance, differenceOf, instances } from '../../src/testing/index.js'
import { floats, integers } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'
import { program, take } from './programs.js'

const names = Object.keys(instances) as readonly PrimitiveName[]

const expectConformance = async (device: Device, runs: number): Promise<void> => {
  const report = await deviceConformance(device, { runs, seed: 11 })()
  expect(report.mismatches.map(({ message }) => message)).toEqual([])
  expect(report.agreed).toEqual(names)
}

test('conforms in mode webasm', async () => {
  await expectConformance(await take(gpujsDevice({ mode: 'webasm' })), 30)
})

test('conforms in mode cpu', async () => {
  await expectConformance(await take(gpujsDevice({ mode: 'cpu' })), 10)
})

describe('in mode webasm', () => {
  let device: Device
  beforeAll(async () => {
    device = await take(gpujsDevice())
  })

  const run = async (inputs: readonly HostValue[], f: (...operands: readonly Tensor[]) => readonly Tensor[]): Promise<readonly HostValue[]> => {
    const executable = await take(device.compile(program(inputs, f)))
    const outputs = await take(executable.run(inputs))
    executable.release()
    return outputs
  }
  const numbers = async (inputs: readonly HostValue[], f: (...operands: readonly Tensor[]) => readonly Tensor[]): Promise<readonly (readonly number[])[]> =>
    (await run(inputs, f)).map(({ data }) => Array.from(data))

  test('NaN is passed on', async () => {
    const x = floats([4], [NaN, 1, -1, NaN])
    const y = floats([4], [1, NaN, 2, NaN])
    expect(
      await numbers([x, y], (a, b) => [
        ...(['maximum', 'minimum', 'less', 'equal'] as const).map((primitive) => bind(primitive, {}, a, b)),
        ...(['relu', 'sign'] as const).map((primitive) => bind(primitive, {}, a)),
        bind('reduceMax', { axes: [0], keepDimensions: false }, a),
        bind('cast', { dtype: 'bool' }, a)
      ])
    ).toEqual([[NaN, NaN, 2, NaN], [NaN, NaN, -1, NaN], [0, 0, 1, 0], [0, 0, 0, 0], [NaN, 1, 0, NaN], [0, 1, -1, 0], [NaN], [1, 1, 1, 1]])
  })

  test('infinities survive a maximum', async () => {
    expect(await numbers([floats([2, 2], [-Infinity, -Infinity, 1, Infinity])], (x) => [bind('reduceMax', { axes: [1], keepDimensions: false }, x)])).toEqual([[-Infinity, Infinity]])
  })

  test('long sums go through partial sums and keep their digits', async () => {
    const x = uniform(key(1), [3, 70_000], -1, 1)
    const image = uniform(key(2), [2, 2, 50, 60], -1, 1)
    const dy = uniform(key(3), [2, 3, 50, 60], -1, 1)
    const f = (a: Tensor, b: Tensor, c: Tensor): readonly Tensor[] => [
      bind('reduceSum', { axes: [1], keepDimensions: false }, a),
      bind('conv2dWeightGradient', { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1, kernel: [3, 3] }, b, c)
    ]
    const inputs = [x, image, dy]
    const expected = evaluate(program(inputs, f), inputs)
    const found = await run(inputs, f)
    expect(E.isRight(expected) && expected.right.map((want, k) => differenceOf(found[k], want, { absolute: 0, relative: 1e-5 }))).toEqual([undefined, undefined])
  })

  test('a program mixes kernels, branches and the host, and says so', async () => {
    const scores = uniform(key(4), [6])
    const f = (x: Tensor): readonly Tensor[] => {
      const inner = placeholder('inner', { shape: [6], dtype: 'f32' })
      const doubled = bind('call', { name: 'double', graph: graphOf([inner], [bind('add', {}, inner, inner)]) }, x)
      return [...bindAll('topK', { k: 2 }, doubled), bind('exp', {}, doubled)]
    }
    const executable = await take(device.compile(program([scores], f)))
    expect(executable.report).toMatchObject({ engine: 'gpu.js in mode webasm on WebAssembly', kernels: 2 })
    expect(executable.report.notes.filter((note) => note.startsWith('topK'))).toHaveLength(1)
    const [first, second] = [await take(executable.run([scores])), await take(executable.run([scores]))]
    expect(first).toEqual(second)
    expect(E.isRight(evaluate(program([scores], f), [scores]))).toBe(true)
  })

  test('results of one run are not changed by the next', async () => {
    const inputs = [floats([3], [1, 2, 3])]
    const executable = await take(device.compile(program(inputs, (x) => [bind('neg', {}, x)])))
    const [before] = await take(executable.run(inputs))
    await take(executable.run([floats([3], [7, 8, 9])]))
    expect(Array.from(before?.data ?? [])).toEqual([-1, -2, -3])
  })

  test('state is advanced in place of the old', async () => {
    const state = placeholder('state', { shape: [2], dtype: 'f32' })
    const executable = await take(device.compile(graphOf([state], [bind('add', {}, state, state), bind('reduceSum', { axes: [0], keepDimensions: false }, state)])))
    const held = await take(device.hold([floats([2], [1, 2])]))
    expect(Array.from((await take(executable.advance(held, [])))[0]?.data ?? [])).toEqual([3])
    expect(Array.from((await take(executable.advance(held, [])))[0]?.data ?? [])).toEqual([6])
    expect(Array.from((await take(held.read))[0]?.data ?? [])).toEqual([4, 8])
  })

  test('beyond 2^24 elements, where a flat index in f32 is wrong', async () => {
    const [rows, columns] = [4001, 4999]
    const x = { kind: 'host', dtype: 'f32', shape: [rows, columns], data: Float32Array.from({ length: rows * columns }, (_, i) => i % 9973) } as const
    const f = (a: Tensor): readonly Tensor[] => [
      bind('transpose', { permutation: [1, 0] }, a),
      bind('reverse', { axes: [0, 1] }, a),
      bind('reduceSum', { axes: [0, 1], keepDimensions: false }, a),
      bind('reduceSum', { axes: [0], keepDimensions: false }, bind('reshape', { shape: [rows * columns] }, a)),
      bind('slice', { start: [3998, 1], limit: [rows, columns], stride: [1, 2] }, bind('add', {}, a, a))
    ]
    const [transposed, reversed, total, flatTotal, cut] = await run([x], f)
    const expected = x.data
    let wrong = 0
    for (let i = 0; i < expected.length; i += 7) {
      if (transposed?.data[(i % columns) * rows + Math.floor(i / columns)] !== expected[i]) wrong++
      if (reversed?.data[expected.length - 1 - i] !== expected[i]) wrong++
    }
    expect(wrong).toBe(0)
    const sum = expected.reduce((all, value) => all + value, 0)
    for (const found of [total, flatTotal]) expect(Math.abs((found?.data[0] ?? 0) / sum - 1)).toBeLessThan(3e-7)
    expect(Array.from(cut?.data ?? []).slice(-2)).toEqual([columns - 4, columns - 2].map((column) => 2 * (expected[4000 * columns + column] ?? 0)))
  }, 60_000)

  test('a view with an additional axis of size 1 broadcasts along the others', async () => {
    const f = (a: Tensor, b: Tensor): readonly Tensor[] => [bind('mul', {}, bind('reshape', { shape: [3, 1] }, bind('add', {}, a, a)), b)]
    expect(await numbers([floats([3], [1, 2, 3]), floats([3, 2], [1, 1, 1, 1, 1, 1])], f)).toEqual([[2, 2, 4, 4, 6, 6]])
  })

  test('a value that is refused is an error', async () => {
    const inputs = [floats([2], [1, 2]), integers([1], [2])]
    const executable = await take(device.compile(program(inputs, (x, i) => [bind('gather', { axis: 0, batchDims: 0 }, x, i)])))
    expect(await executable.run(inputs)()).toMatchObject({ left: { _tag: 'ExecutionFailed', message: expect.stringMatching(/gather: index 2/) as unknown } })
  })
})
