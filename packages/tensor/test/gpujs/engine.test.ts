import { describe, expect, test } from 'vitest'
import { arrayEngine } from '../../src/device/gpujs/engine/arrays.js'
import { isSoftwareAdapter } from '../../src/device/gpujs/engine/adapter.js'
import { mostFlatElements } from '../../src/device/gpujs/engine/engine.js'
import type { Engine, KernelSource } from '../../src/device/gpujs/engine/engine.js'
import { proveEngine } from '../../src/device/gpujs/engine/self-test.js'
import { tallied } from '../../src/device/gpujs/engine/tally.js'

const scaling = (elements: number, factor: number): KernelSource => ({
  source: 'function(a0, s0) { return a0[this.thread.x] * s0; }',
  arrays: 1,
  scalars: [factor],
  elements,
  output: [elements]
})

describe.each(['webasm', 'cpu'] as const)('an engine in mode %s', (mode) => {
  const engine = arrayEngine(mode, tallied())

  test('proves itself and leaves nothing behind', async () => {
    await proveEngine(engine)
    expect(engine.counts()).toMatchObject({ live: 0, liveBytes: 0 })
  })

  test('whose numbers are wrong is found out, by the name of what is wrong', async () => {
    const wrong: Engine = { ...engine, read: async (value) => (await engine.read(value)).map((x) => (x === 4095 ? 4094 : x)) }
    await expect(proveEngine(wrong)).rejects.toThrow(/it computes wrong numbers \(floor division by .*4094 instead of 4095/)
  })

  test('runs one text for several sizes, and keeps earlier results', async () => {
    const long = engine.upload(Float32Array.of(1, 2, 3))
    const short = engine.upload(Float32Array.of(5))
    const results = [engine.dispatch(scaling(3, 2), [long]), engine.dispatch(scaling(1, 3), [short]), engine.dispatch(scaling(3, 10), [long])]
    expect(await Promise.all(results.map(async (result) => Array.from(await engine.read(result))))).toEqual([[2, 4, 6], [15], [10, 20, 30]])
    ;[long, short, ...results].forEach((value) => engine.release(value))
    expect(engine.counts().live).toBe(0)
  })

  test('does not see what its caller later writes', async () => {
    const values = Float32Array.of(1, 2)
    const value = engine.upload(values)
    values.fill(9)
    expect(Array.from(await engine.read(value))).toEqual([1, 2])
    engine.release(value)
  })

  test('names the kernel that does not compile', () => {
    const value = engine.upload(Float32Array.of(1))
    const source = 'function(a0) { return a0[this.thread.x] + unknown.name; }'
    expect(() => engine.dispatch({ source, arrays: 1, scalars: [], elements: 1, output: [1] }, [value])).toThrow(/in the kernel function\(a0\)/)
    engine.release(value)
  })

  test('refuses a value after its release', async () => {
    const value = engine.upload(Float32Array.of(1))
    engine.release(value)
    engine.release(value)
    expect(() => engine.dispatch(scaling(1, 2), [value])).toThrow('after its release')
    await expect(engine.read(value)).rejects.toThrow('after its release')
    expect(engine.counts().live).toBe(0)
  })
})

test('a value of more elements than flat indices reach lies in rows', async () => {
  const engine = arrayEngine('webasm', tallied())
  const elements = mostFlatElements + 5
  const values = new Float32Array(elements)
  values[elements - 1] = 3
  values[4096] = 2
  const value = engine.upload(values)
  const rows = Math.ceil(elements / 4096)
  const kernel: KernelSource = { source: 'function(a0) { return a0[this.thread.y][this.thread.x] + 1; }', arrays: 1, scalars: [], elements, output: [4096, rows] }
  const read = await engine.read(engine.dispatch(kernel, [value]))
  expect([read.length, read[0], read[4096], read[elements - 1]]).toEqual([elements, 1, 3, 4])
})

test('adapters that are programs are told from hardware by their names', () => {
  for (const name of ['Google SwiftShader', 'llvmpipe (LLVM 15.0.6, 256 bits)', 'Microsoft Basic Render Driver']) expect(isSoftwareAdapter(name)).toBe(true)
  for (const name of ['ANGLE (NVIDIA GeForce RTX 3080)', 'apple metal-3', 'AMD Radeon RX 6800']) expect(isSoftwareAdapter(name)).toBe(false)
})
