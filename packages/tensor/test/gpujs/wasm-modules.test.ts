import { expect, test } from 'vitest'
import { arrayEngine } from '../../src/device/gpujs/engine/arrays.js'
import type { KernelSource } from '../../src/device/gpujs/engine/engine.js'
import { tallied } from '../../src/device/gpujs/engine/tally.js'

// Branches whose sides are gathered, a loop, rows and planes: all the places at which a module has sizes and places of its arrays.
const flat = 'function(a0, a1, s0, s1) { let t = 0; for (let r = 0; r < s0; r++) { const i = this.thread.x + r; const k = i < s1 ? a1[i] : 0; t += i < s1 ? a0[k] * 2 : 0.5; } return t; }'
const rows = 'function(a0, s0) { return this.thread.y > 0 ? a0[this.thread.y - 1][this.thread.x] + s0 : a0[this.thread.y][this.thread.x] * s0; }'
const planes = 'function(a0, a1, s0) { return a0[(this.thread.z * s0 + this.thread.y) * 2 + this.thread.x] + this.thread.z * 100 - a1[this.thread.y]; }'

const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => ((i * 7) % 13) - 6)

/** What a kernel of these sizes should answer, by the same text as JavaScript. */
const expected = ({ source, output: [x, y = 1, z = 1], scalars }: KernelSource, arrays: readonly unknown[]): readonly number[] => {
  const f = new Function(`return ${source}`)() as (this: object, ...given: readonly unknown[]) => number
  const all: number[] = []
  for (let k = 0; k < z; k++) for (let j = 0; j < y; j++) for (let i = 0; i < x; i++) all.push(f.call({ thread: { x: i, y: j, z: k } }, ...arrays, ...scalars))
  return all
}

test('one translation of a text serves every size and place of its arrays, alone and among others', async () => {
  const engine = arrayEngine('webasm', tallied())
  for (const n of [1, 3, 4, 130, 4097]) {
    const index = Float32Array.from({ length: n }, (_, i) => (i * 3) % n)
    const data = numbers(n)
    const [a, b] = [engine.upload(data), engine.upload(index)]
    const kernel: KernelSource = { source: flat, arrays: 2, scalars: [3, n], elements: n, output: [n] }
    const plane: KernelSource = { source: planes, arrays: 2, scalars: [3], elements: 12, output: [2, 3, 2] }
    const alone = engine.dispatch(kernel, [a, b])
    expect(Array.from(await engine.read(alone))).toEqual(expected(kernel, [data, index]))
    const long = numbers(n + 12)
    const c = engine.upload(long)
    const fused = engine.fuse?.({
      inputs: 3,
      kernels: [
        { kernel, operands: [0, 1] },
        { kernel: plane, operands: [2, 2] },
        { kernel: { ...kernel, scalars: [2, n] }, operands: [0, 1] },
        { kernel: plane, operands: [4, 2] }
      ],
      outputs: [3, 4, 5, 6]
    })
    const first = expected(plane, [long, long])
    const wanted = [expected(kernel, [data, index]), first, expected({ ...kernel, scalars: [2, n] }, [data, index]), expected(plane, [first, long])]
    const found = await fused?.run([a, b, c])
    expect(await Promise.all((found ?? []).map(async (value) => Array.from(await engine.read(value))))).toEqual(wanted)
    fused?.release()
  }
  for (const height of [2, 5]) {
    const data = numbers(4096 * height)
    // A value of as many rows is stored flat unless it is larger than most; here it is the result of threads in rows.
    const made = engine.dispatch({ source: 'function(a0) { return a0[this.thread.y * 4096 + this.thread.x]; }', arrays: 1, scalars: [], elements: 4096 * height, output: [4096, height] }, [engine.upload(data)])
    const kernel: KernelSource = { source: rows, arrays: 1, scalars: [3], elements: 4096 * height, output: [4096, height] }
    const nested = Array.from({ length: height }, (_, row) => data.subarray(row * 4096, (row + 1) * 4096))
    expect(Array.from(await engine.read(engine.dispatch(kernel, [made])))).toEqual(expected(kernel, [nested]))
  }
  const { texts, kernels } = engine.counts()
  expect(texts).toBe(4)
  expect(kernels).toBeGreaterThan(20)
})
