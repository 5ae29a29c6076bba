import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { bind, floats, graphOf, hostValue, integers, placeholder, scalar } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import { deviceConformance, instances } from '@tabula/tensor/testing'
import type { Channel } from '../src/gpu/place.js'
import { answering } from '../src/gpu/remote/answer.js'
import { remoteDevice } from '../src/gpu/remote/device.js'
import { readText, textOf } from '../src/gpu/remote/text.js'

const take = async <L, A>(task: () => Promise<E.Either<L, A>>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

/** What would be in a page, in this process; everything still crosses as text. */
const channel = (): Channel => ({ ask: answering(), memory: async () => undefined, close: async () => undefined })

test('texts keep typed arrays, their kind, and numbers that JSON lacks', () => {
  const value = { a: Float32Array.of(1.5, NaN, -Infinity), b: [Int32Array.of(-7), Uint32Array.of(2 ** 32 - 1), Uint8Array.of(255), new Float64Array([0.1])], c: [NaN, Infinity, -Infinity, -0, 0, 'text', null, true], d: new Float32Array() }
  expect(readText(textOf(value))).toEqual(value)
  expect(Object.is((readText(textOf([-0])) as readonly number[])[0], -0)).toBe(true)
  const large = Float32Array.from({ length: 50_000 }, (_, index) => Math.fround(Math.sin(index)))
  expect(readText(textOf(large))).toEqual(large)
  // A part of a larger buffer is sent without the rest of it.
  expect(readText(textOf(large.subarray(10, 12)))).toEqual(large.slice(10, 12))
})

describe('the device behind a channel', () => {
  test('takes programs of every primitive but a function: it conforms as the device in this process does', async () => {
    const report = await deviceConformance(await take(remoteDevice(channel(), 'cpu')), { runs: 3, seed: 5 })()
    expect(report.mismatches.map(({ message }) => message)).toEqual(['host: the host function "turned" is not plain data, which alone can be sent'])
    expect(report.agreed).toEqual((Object.keys(instances) as readonly PrimitiveName[]).filter((name) => name !== 'host'))
  })

  test('keeps state there between steps, and counts', async () => {
    const device = await take(remoteDevice(channel(), 'cpu'))
    const [state, x] = [placeholder('state', { shape: [2], dtype: 'f32' }), placeholder('x', { shape: [], dtype: 'f32' })]
    const next = bind('add', {}, state, bind('broadcastTo', { shape: [2] }, x))
    const program = await take(device.compile(graphOf([state, x], [next, bind('reduceSum', { axes: [0], keepDimensions: false }, next)]), { state: 1 }))
    const held = await take(device.hold([floats([2], [1, 2])]))
    expect(await take(program.advance(held, [scalar(10)]))).toEqual([scalar(23)])
    expect(await take(program.advance(held, [scalar(-1)]))).toEqual([scalar(21)])
    expect(await take(held.read)).toEqual([floats([2], [10, 11])])
    expect((await take(device.counts)).kernels).toBeGreaterThan(0)
    expect(program.report.engine).toContain('gpu.js')
  })

  test('answers failures as values: of the device there, and of the channel', async () => {
    const device = await take(remoteDevice(channel(), 'cpu'))
    const [x, index] = [placeholder('x', { shape: [3], dtype: 'f32' }), placeholder('index', { shape: [1], dtype: 'i32' })]
    const program = await take(device.compile(graphOf([x, index], [bind('gather', { axis: 0, batchDims: 0 }, x, index)])))
    expect(await program.run([floats([3], [1, 2, 3]), integers([1], [3])])()).toMatchObject({ left: { _tag: 'ExecutionFailed' } })
    expect(await program.run([floats([2], [1, 2]), integers([1], [0])])()).toMatchObject({ left: { _tag: 'WrongInputs' } })
    expect(await remoteDevice(channel(), 'headlessgl')()).toMatchObject({ _tag: 'Left', left: { _tag: 'DeviceMissing' } })
    const broken = { ...channel(), ask: () => Promise.reject(new Error('the page crashed')) }
    expect(await remoteDevice(broken, 'cpu')()).toMatchObject({ left: { _tag: 'ExecutionFailed', message: 'gpujs: the page crashed' } })
  })

  test('refuses a state of another device', async () => {
    const device = await take(remoteDevice(channel(), 'cpu'))
    const state = placeholder('state', { shape: [], dtype: 'f32' })
    const program = await take(device.compile(graphOf([state], [bind('neg', {}, state)])))
    const foreign = { read: async () => E.right([hostValue('f32', [], Float32Array.of(1))]) }
    expect(await program.advance(foreign, [])()).toMatchObject({ left: { _tag: 'ExecutionFailed' } })
  })
})
