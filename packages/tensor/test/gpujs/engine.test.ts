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

test('a segment of kernels in one go computes what they compute one after the other, and again', async () => {
  const engine = arrayEngine('webasm', tallied())
  const planes: KernelSource = { source: 'function(a0, s0) { return a0[this.thread.y * s0 + this.thread.x] * 10 + this.thread.z; }', arrays: 1, scalars: [5], elements: 30, output: [5, 3, 2] }
  const sum: KernelSource = { source: 'function(a0, a1) { return a0[this.thread.x] + a1[this.thread.x]; }', arrays: 2, scalars: [], elements: 30, output: [30] }
  const part: KernelSource = { ...sum, elements: 7, output: [7] }
  const rows: KernelSource = { source: 'function(a0) { return this.thread.y * 4096 + this.thread.x + a0[1]; }', arrays: 1, scalars: [], elements: 8192, output: [4096, 2] }
  const shifted: KernelSource = { source: 'function(a0, a1, s0) { return a0[1 - this.thread.y][this.thread.x] * s0 + a1[0]; }', arrays: 2, scalars: [0.5], elements: 8192, output: [4096, 2] }
  const segment = {
    inputs: 1,
    kernels: [
      { kernel: planes, operands: [0] },
      { kernel: sum, operands: [1, 1] },
      { kernel: sum, operands: [2, 1] },
      { kernel: part, operands: [3, 0] },
      { kernel: rows, operands: [0] },
      { kernel: shifted, operands: [5, 4] }
    ],
    outputs: [3, 4, 6]
  }
  const fused = engine.fuse?.(segment)
  for (const scale of [1, -2]) {
    const source = engine.upload(Float32Array.from({ length: 15 }, (_, i) => i * scale))
    const values = [source]
    for (const { kernel, operands } of segment.kernels) {
      const seats = operands.flatMap((operand) => values[operand] ?? [])
      values.push(engine.dispatch(kernel, seats))
    }
    const found = await fused?.run([source])
    expect(found).toHaveLength(3)
    for (const [index, output] of segment.outputs.entries()) {
      const [a, b] = [found?.[index], values[output]]
      if (a === undefined || b === undefined) throw new Error('a result is missing')
      expect(await engine.read(a)).toEqual(await engine.read(b))
    }
  }
  fused?.release()
  const [source] = [engine.upload(new Float32Array(15))]
  expect(await fused?.run([source])).toBeUndefined()
})

test('adapters that are programs are told from hardware by their names', () => {
  for (const name of ['Google SwiftShader', 'llvmpipe (LLVM 15.0.6, 256 bits)', 'Microsoft Basic Render Driver']) expect(isSoftwareAdapter(name)).toBe(true)
  for (const name of ['ANGLE (NVIDIA GeForce RTX 3080)', 'apple metal-3', 'AMD Radeon RX 6800']) expect(isSoftwareAdapter(name)).toBe(false)
})
