import { describe, expect, test } from 'vitest'
import { sumOfMagnitudes } from '../src/benchmarks/contestant.js'
import { distance } from '../src/gpu-benchmarks/contestant.js'
import type { GpuContestant } from '../src/gpu-benchmarks/contestant.js'
import { heading, line, measureTask, quickEffort } from '../src/gpu-benchmarks/measure.js'
import { interpolationWeights } from '../src/gpu-benchmarks/rivals/interpolation.js'
import { naive } from '../src/gpu-benchmarks/rivals/naive.js'
import { argumentsOf, convolvedShape, tasks, trainedNames } from '../src/gpu-benchmarks/tasks.js'
import type { Task } from '../src/gpu-benchmarks/tasks.js'

const task: Task = { kind: 'matmul', rows: 2, inner: 3, columns: 2 }

const fixed = (name: string, ms: number, results: readonly (readonly number[])[] | undefined, kernels?: number): GpuContestant => ({
  name,
  prepare: () => {
    const all = results?.map((numbers) => Float32Array.from(numbers))
    return Promise.resolve(
      all === undefined
        ? undefined
        : { results: all, digest: all.map(sumOfMagnitudes), firstMs: ms + 1000, run: () => Promise.resolve(ms), ...(kernels === undefined ? {} : { kernels }) }
    )
  },
  close: () => undefined
})

describe('rows of the gpu.js benchmarks', () => {
  test('a row for each rival that has the task, with kernels and seconds of compilation apart from the time', async () => {
    const own = fixed('tabula', 2, [[1, -4]], 3)
    const { rows, notes } = await measureTask('webasm', 'matmul', task, own, [fixed('tfjs', 5, [[1, -4.0004]]), fixed('jax', 1, undefined)], quickEffort)
    expect(notes).toEqual([])
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ mode: 'webasm', name: 'matmul', tabulaMs: 2, rival: 'tfjs', rivalMs: 5, ratio: 2.5, kernels: 3, compileSeconds: 1, rivalCompileSeconds: 1 })
    expect(rows[0]?.difference).toBeCloseTo(1e-4, 6)
  })

  test('a rival that fails or computes something else is left out and said so', async () => {
    const failing: GpuContestant = { ...fixed('broken', 1, []), prepare: () => Promise.reject(new Error('no such kernel')) }
    const wrong = [fixed('wrong', 1, [[1, 4]]), fixed('short', 1, [[1]]), fixed('absent', 1, [[1, NaN]])]
    const { rows, notes } = await measureTask('webgl2', 'matmul', task, fixed('tabula', 2, [[1, -4]]), [failing, ...wrong], quickEffort)
    expect(rows.map(({ rival }) => rival)).toEqual([null])
    expect(notes[0]).toBe('matmul: broken fails: no such kernel')
    expect(notes.slice(1).map((note) => note.includes('computes something else'))).toEqual([true, true, true])
  })

  test('numbers of a line stand under their headings', async () => {
    const { rows } = await measureTask('cpu', 'matmul', task, fixed('tabula', 2, [[1]], 7), [fixed('tfjs', 5, [[1]])], quickEffort)
    const text = rows.map(line).join('')
    const ends = (part: string): string => text.slice(0, heading.indexOf(part) + part.length)
    expect(ends('ratio').endsWith(' 2.50')).toBe(true)
    expect(ends('kernels').endsWith(' 7')).toBe(true)
    expect(ends('compile s').endsWith(' 1.00')).toBe(true)
  })

  test('distances are relative to the largest magnitude and never hide a NaN', () => {
    expect(distance([1, 2], [1, 4])).toBe(0.5)
    expect(distance([1, NaN], [1, 4])).toBeNaN()
    expect(distance([1], [1, 4])).toBeNaN()
  })
})

describe('tasks', () => {
  test('arguments fit their shapes', () => {
    for (const each of Object.values(tasks.small).filter(({ kind }) => kind !== 'chain')) {
      for (const { shape, data } of Object.values(argumentsOf(each))) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1))
      if (each.kind === 'step') expect(Object.keys(argumentsOf(each))).toEqual(expect.arrayContaining([...trainedNames(each)]))
    }
    expect(convolvedShape({ x: [1, 3, 112, 112], w: [64, 3, 7, 7], stride: 2, padding: 3 })).toEqual([1, 64, 56, 56])
  })

  test('weights of regions inside the map sum to one', () => {
    const weights = interpolationWeights({ shape: [1, 4], data: Float32Array.of(8, 16, 40, 48) }, 'y', { size: 2, length: 8, scale: 1 / 8 })
    // From 2 to 6 in two bins of 2: samples at 2.5 and 3.5, and at 4.5 and 5.5.
    expect([...weights.data]).toEqual([0, 0, 0.25, 0.5, 0.25, 0, 0, 0, 0, 0, 0, 0, 0.25, 0.5, 0.25, 0])
  })

  test('the plain kernels multiply matrices and convolve', async () => {
    const rival = naive('cpu')
    const product = await rival.prepare('matmul', task)
    const { a, b } = argumentsOf(task)
    const expected = [0, 1].flatMap((row) => [0, 1].map((column) => [0, 1, 2].reduce((sum, k) => sum + (a?.data[row * 3 + k] ?? NaN) * (b?.data[k * 2 + column] ?? NaN), 0)))
    expect(distance(product?.results[0] ?? [], expected)).toBeLessThan(1e-6)
    const one: Task = { kind: 'convolution-gradients', x: [1, 1, 1, 1], w: [1, 1, 3, 3], stride: 1, padding: 1 }
    const { x, w, g } = argumentsOf(one)
    const [y, byX, byW] = (await rival.prepare('conv', one))?.results ?? []
    const [x0 = NaN, w4 = NaN, g0 = NaN] = [x?.data[0], w?.data[4], g?.data[0]]
    expect(distance(y ?? [], [x0 * w4])).toBeLessThan(1e-6)
    expect(distance(byX ?? [], [g0 * w4])).toBeLessThan(1e-6)
    expect(distance(byW ?? [], [0, 0, 0, 0, x0 * g0, 0, 0, 0, 0])).toBeLessThan(1e-6)
    rival.close()
  })
})
