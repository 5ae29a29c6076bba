import { either as E } from 'fp-ts'
import { GPU } from 'gpu.js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import { deviceOver } from '../../src/device/gpujs/device.js'
import { arrayEngine } from '../../src/device/gpujs/engine/arrays.js'
import { EngineFailure } from '../../src/device/gpujs/engine/engine.js'
import type { Engine } from '../../src/device/gpujs/engine/engine.js'
import { kernelCache } from '../../src/device/gpujs/engine/kernels.js'
import { tallied } from '../../src/device/gpujs/engine/tally.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import { floats, integers } from '../../src/value.js'
import { take } from './programs.js'

afterEach(() => void vi.unstubAllGlobals())

const x = placeholder('x', { shape: [5], dtype: 'f32' })
const program = graphOf([x], [bind('exp', {}, x), bind('reduceSum', { axes: [0], keepDimensions: false }, x)])
const input = floats([5], [1, 2, 3, 4, 5])

/** A device whose engine is as changed. */
const changed = (change: (engine: Engine) => Partial<Engine>) => {
  const { fuse: _, ...engine } = arrayEngine('webasm', tallied())
  return { engine, device: deviceOver({ engine: { ...engine, ...change(engine) }, rejected: [] }) }
}

/** The message of the error value that a run ends in. */
const failure = async (change: (engine: Engine) => Partial<Engine>): Promise<string> => {
  const { engine, device } = changed(change)
  const executable = await take(device.compile(program))
  const ran = await executable.run([input])()
  expect(ran).toMatchObject({ left: { _tag: 'ExecutionFailed', device: 'gpujs' } })
  expect(engine.counts().live).toBe(0)
  return E.isLeft(ran) ? ran.left.message : ''
}

const plan = /gpu\.js in mode webasm on WebAssembly; a program of 2 kernels in 1 segments that holds up to \d+ bytes/

describe('what the engine refuses while a program runs is an error value with the plan', () => {
  test('where the device is lost', async () => {
    const message = await failure(() => ({ settled: () => Promise.reject(new EngineFailure('the WebGPU device is lost (unknown): a reset')) }))
    expect(message).toContain('the WebGPU device is lost (unknown): a reset')
    expect(message).toMatch(plan)
  })

  test('where a kernel does not compile, which is named', async () => {
    const message = await failure((engine) => ({ dispatch: (kernel, arrays) => engine.dispatch({ ...kernel, source: kernel.source.replace('Math.exp', 'Math.noSuchFunction') }, arrays) }))
    expect(message).toMatch(/in the kernel function\(a0.*Math\.noSuchFunction/)
    expect(message).toMatch(plan)
  })

  test('where memory is exhausted', async () => {
    const message = await failure(() => ({
      upload: () => {
        throw new RangeError('Array buffer allocation failed')
      }
    }))
    expect(message).toContain('memory is exhausted: Array buffer allocation failed')
    expect(message).toMatch(plan)
  })

  test('and a state that it was a step of can still be read', async () => {
    let broken = false
    const { device } = changed((engine) => ({ settled: () => (broken ? Promise.reject(new EngineFailure('the device is lost')) : engine.settled()) }))
    const executable = await take(device.compile(graphOf([x], [bind('add', {}, x, x)])))
    const state = await take(device.hold([input]))
    await take(executable.advance(state, []))
    broken = true
    expect(await executable.advance(state, [])()).toMatchObject({ left: { _tag: 'ExecutionFailed' } })
    expect(Array.from((await take(state.read))[0]?.data ?? [])).toEqual([2, 4, 6, 8, 10])
  })
})

test('a defect is no error value', async () => {
  const { device } = changed(() => ({
    upload: () => {
      throw new TypeError('undefined is not a function')
    }
  }))
  await expect((await take(device.compile(program))).run([input])()).rejects.toThrow(TypeError)
})

test('WebAssembly without room for a memory is an error value', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  const big = placeholder('x', { shape: [3_000_000], dtype: 'f32' })
  const executable = await take(device.compile(graphOf([big], [bind('exp', {}, big)])))
  class Memory {
    constructor() {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory')
    }
  }
  // None of TypeScript's libraries without a DOM declares it.
  const { WebAssembly: original } = globalThis as unknown as { readonly WebAssembly: object }
  vi.stubGlobal('WebAssembly', new Proxy(original, { get: (target, name) => (name === 'Memory' ? Memory : (Reflect.get(target, name) as unknown)) }))
  const ran = await executable.run([floats([3_000_000], new Float32Array(3_000_000))])()
  expect(ran).toMatchObject({ left: { _tag: 'ExecutionFailed', message: expect.stringContaining('could not allocate memory') as unknown } })
})

test('a kernel that gpu.js runs in another mode than it was told is refused, with its text', () => {
  const cache = kernelCache(new GPU({ mode: 'cpu' }), 'webasm-in-name' as 'webgl2', { handles: false, fixedSizes: false }, tallied())
  const kernel = { source: 'function(s0) { return s0; }', arrays: 0, scalars: [2], elements: 1, output: [1] as const }
  const entry = cache.kernelFor(kernel, [])
  entry.call([2])
  expect(() => entry.ran(1)).toThrow('a kernel ran in mode cpu instead of webasm-in-name: function(s0) { return s0; }')
})

describe('progress and report of what is compiled', () => {
  test('count the texts that are left, and what the first run has compiled', async () => {
    const heard: (readonly [number, number])[] = []
    const device = await take(gpujsDevice({ mode: 'webasm', progress: ({ texts, pending }) => void heard.push([texts, pending]) }))
    const { texts } = device.counts()
    const executable = await take(device.compile(program))
    expect(device.counts().pending).toBe(2)
    const notes = executable.report.notes.length
    await take(executable.run([input]))
    expect(heard.slice(-2)).toEqual([
      [texts + 1, 1],
      [texts + 2, 0]
    ])
    expect(executable.report.notes).toHaveLength(notes + 1)
    expect(executable.report.notes.at(-1)).toMatch(/^Compiled 2 texts, which no program had used before, as 2 kernels in \d+\.\d s\.$/)
    expect(executable.report.compileMilliseconds).toBeGreaterThan(0)
  })

  test('leave out the branch that was not taken', async () => {
    const heard: number[] = []
    const device = await take(gpujsDevice({ mode: 'webasm', progress: ({ pending }) => void heard.push(pending) }))
    const [index, y] = [placeholder('index', { shape: [], dtype: 'i32' }), placeholder('y', { shape: [5], dtype: 'f32' })]
    const branches = [graphOf([y], [bind('sin', {}, y)]), graphOf([y], [bind('cos', {}, y)])]
    const executable = await take(device.compile(graphOf([index, y], bindAll('cond', { branches }, index, y))))
    expect(device.counts().pending).toBe(2)
    await take(executable.run([integers([], [1]), input]))
    expect(heard.slice(-2)).toEqual([1, 0])
  })
})
