import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { bind } from '../../src/bind.js'
import type { Executable } from '../../src/device/device.js'
import { gpujsDevice, steadiness } from '../../src/device/gpujs/index.js'
import type { GpujsDevice, GpujsMode } from '../../src/device/gpujs/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import { floats, integers, valueOf } from '../../src/value.js'
import { take } from './programs.js'

setFlagsFromString('--expose-gc')
// The flag adds `gc` to contexts made after it.
const collect = runInNewContext('gc') as () => void

const usedBytes = async (): Promise<number> => {
  for (let round = 0; round < 3; round++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const doubling = (device: GpujsDevice): Promise<Executable> => {
  const state = placeholder('state', { shape: [1000], dtype: 'f32' })
  const program = graphOf([state], [bind('add', {}, state, state), bind('reduceSum', { axes: [0], keepDimensions: false }, state)])
  return take(device.compile(program))
}

describe.each(['webasm', 'cpu'] satisfies readonly GpujsMode[])('in mode %s', (mode) => {
  test('1,000 steps leave the values held and the memory as they were', async () => {
    const device = await take(gpujsDevice({ mode }))
    const { live, liveBytes, compiled, memory, loss } = await take(steadiness(device, { memory: usedBytes }))
    expect(live.fewest).toBe(live.before)
    expect(live.most).toBe(live.before)
    expect(liveBytes.most).toBe(liveBytes.before)
    expect(compiled).toBe(0)
    expect(memory.after - memory.before).toBeLessThan(2_000_000)
    expect(loss.last).toBeLessThan(loss.first / 2)
    device.close()
  }, 60_000)

  test('state stays in the engine: a step uploads its inputs and reads its other outputs, no more', async () => {
    const device = await take(gpujsDevice({ mode }))
    const program = await doubling(device)
    const state = await take(device.hold([floats([1000], new Float32Array(1000).fill(1))]))
    await take(program.advance(state, []))
    const before = device.counts()
    await take(program.advance(state, []))
    const after = device.counts()
    expect(after.uploads - before.uploads).toBe(0)
    expect(after.reads - before.reads).toBe(1)
    expect(after.live).toBe(before.live)
  })

  test('what is dropped is released by the garbage collector', async () => {
    const device = await take(gpujsDevice({ mode }))
    const { live } = device.counts()
    const drop = async (): Promise<void> => {
      const program = await doubling(device)
      const state = await take(device.hold([floats([1000], new Float32Array(1000))]))
      await take(program.advance(state, []))
      expect(device.counts().live).toBeGreaterThan(live)
    }
    await drop()
    for (let round = 0; round < 50 && device.counts().live > live; round++) await usedBytes()
    expect(device.counts().live).toBe(live)
  })
})

test('a run keeps what it needs, whatever becomes of its program', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  const { live } = device.counts()
  const begin = async () => (await doubling(device)).run([floats([1000], new Float32Array(1000).fill(2))])
  const run = await begin()
  await usedBytes()
  const [first, second] = await Promise.all([take(run), usedBytes().then(() => take(run))])
  expect([first, second].map(([doubled, sum]) => [doubled?.data[999], sum?.data[0]])).toEqual([
    [4, 2000],
    [4, 2000]
  ])
  expect(device.counts().live).toBe(live)
})

test('integers of a state stay exact beyond what f32 holds', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  const [count, bits] = [placeholder('count', { shape: [], dtype: 'i32' }), placeholder('bits', { shape: [2], dtype: 'u32' })]
  const program = await take(device.compile(graphOf([count, bits], [bind('add', {}, count, count), bits])))
  const state = await take(device.hold([integers([], [2 ** 25 + 1]), valueOf('u32', [2], [2 ** 32 - 1, 7])]))
  await take(program.advance(state, []))
  expect((await take(state.read)).map(({ data }) => Array.from(data))).toEqual([[2 ** 26 + 2], [2 ** 32 - 1, 7]])
})

test('a state that was read is not changed by later steps, and a failed step leaves it as it was', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  const [state, index] = [placeholder('state', { shape: [3], dtype: 'f32' }), placeholder('index', { shape: [1], dtype: 'i32' })]
  const program = await take(device.compile(graphOf([state, index], [bind('add', {}, state, state), bind('gather', { axis: 0, batchDims: 0 }, state, index)])))
  const held = await take(device.hold([floats([3], [1, 2, 3])]))
  const [before] = await take(held.read)
  const { live } = device.counts()
  expect(await program.advance(held, [integers([1], [3])])()).toMatchObject({ left: { _tag: 'ExecutionFailed' } })
  expect(device.counts().live).toBe(live)
  await take(program.advance(held, [integers([1], [2])]))
  expect(Array.from(before?.data ?? [])).toEqual([1, 2, 3])
  expect(Array.from((await take(held.read))[0]?.data ?? [])).toEqual([2, 4, 6])
})
