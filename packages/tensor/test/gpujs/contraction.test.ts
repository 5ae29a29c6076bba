import { either as E } from 'fp-ts'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bind } from '../../src/bind.js'
import type { GpujsDevice, GpujsMode } from '../../src/device/gpujs/index.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import { evaluate } from '../../src/device/reference/index.js'
import { graphOf } from '../../src/graph/graph.js'
import type { Graph } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import type { ConvolutionAttributes } from '../../src/primitive.js'
import { key, uniform } from '../../src/random/index.js'
import { differenceOf } from '../../src/testing/index.js'
import type { HostValue } from '../../src/value.js'
import { take } from './programs.js'

type Program = (...operands: readonly Tensor[]) => readonly Tensor[]

const traced = (inputs: readonly HostValue[], f: Program): Graph => {
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  return graphOf(parameters, f(...parameters))
}

/** Numbers in [−1, 1) of these shapes. */
const noise = (...shapes: readonly (readonly number[])[]): readonly HostValue[] => shapes.map((shape, index) => uniform(key(index + 1), shape, -1, 1))

const transposed = (x: Tensor): Tensor => {
  const axes = x.shape.map((_, axis) => axis)
  const [row = 0, column = 1] = axes.slice(-2)
  return bind('transpose', { permutation: [...axes.slice(0, -2), column, row] }, x)
}

/** What the device computes otherwise than the interpreter in float64, as messages. */
const differences = async (device: GpujsDevice, inputs: readonly HostValue[], f: Program, relative = 3e-6): Promise<readonly string[]> => {
  const graph = traced(inputs, f)
  const expected = evaluate(graph, inputs)
  if (E.isLeft(expected)) throw new Error(JSON.stringify(expected.left))
  const executable = await take(device.compile(graph))
  const found = await take(executable.run(inputs))
  executable.release()
  return expected.right.flatMap((want, index) => differenceOf(found[index], want, { absolute: 1e-6, relative }) ?? [])
}

const sizes = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 31)

const products = fc.record({
  rows: sizes,
  inner: fc.oneof(sizes, fc.constantFrom(64, 257)),
  columns: sizes,
  turned: fc.tuple(fc.boolean(), fc.boolean()),
  batch: fc.constantFrom<readonly [readonly number[], readonly number[]]>([[], []], [[3], [3]], [[3], []], [[], [2]], [[2, 1], [1, 3]], [[2, 3], [3]], [[1], [4]])
})

const pair = <T>(element: fc.Arbitrary<T>): fc.Arbitrary<readonly [T, T]> => fc.tuple(element, element)

const convolutions = fc
  .record({
    images: fc.constantFrom(1, 1, 2, 3),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    depth: fc.constantFrom(1, 2, 3, 4, 6),
    filters: fc.constantFrom(1, 2, 3, 5),
    kernel: fc.oneof(fc.constantFrom<readonly [number, number]>([1, 1], [3, 3], [2, 2], [7, 7], [5, 5]), pair(fc.constantFrom(1, 2, 3, 4))),
    stride: pair(fc.constantFrom(1, 1, 2, 3)),
    dilation: pair(fc.constantFrom(1, 1, 1, 2)),
    padding: pair(pair(fc.constantFrom(0, 0, 1, 2, 3))),
    spare: pair(fc.constantFrom(0, 1, 2, 3, 6, 9))
  })
  .map(({ images, groups, depth, filters, kernel, stride, dilation, padding, spare }) => {
    const side = (k: 0 | 1): number => Math.max(1, dilation[k] * (kernel[k] - 1) + 1 - padding[k][0] - padding[k][1]) + spare[k]
    const out = (k: 0 | 1): number => Math.floor((side(k) + padding[k][0] + padding[k][1] - dilation[k] * (kernel[k] - 1) - 1) / stride[k]) + 1
    const attributes: ConvolutionAttributes = { stride, padding, dilation, groups }
    return { attributes, kernel, x: [images, depth * groups, side(0), side(1)] as const, w: [filters * groups, depth, ...kernel], y: [images, filters * groups, out(0), out(1)] }
  })

const deviceIn = (mode: GpujsMode): Promise<GpujsDevice> => take(gpujsDevice({ mode }))

const gradientsOf =
  ({ attributes, kernel, x: [, , height, width] }: { readonly attributes: ConvolutionAttributes; readonly kernel: readonly [number, number]; readonly x: readonly [number, number, number, number] }): Program =>
  (x, w, dy) =>
    x === undefined || w === undefined || dy === undefined
      ? []
      : [
          bind('conv2d', attributes, x, w),
          bind('conv2dInputGradient', { ...attributes, inputSize: [height, width] }, dy, w),
          bind('conv2dWeightGradient', { ...attributes, kernel }, x, dy)
        ]

describe.each([
  ['webasm', 40],
  ['cpu', 12]
] as const)('in mode %s', (mode, numRuns) => {
  test('products of matrices of any sizes, transposed and in batches, are those of float64', async () => {
    const device = await deviceIn(mode)
    await fc.assert(
      fc.asyncProperty(products, async ({ rows, inner, columns, turned, batch }) => {
        const shape = (b: readonly number[], m: number, n: number, turn: boolean): readonly number[] => [...b, ...(turn ? [n, m] : [m, n])]
        const inputs = noise(shape(batch[0], rows, inner, turned[0]), shape(batch[1], inner, columns, turned[1]))
        const f: Program = (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, turned[0] ? transposed(a) : a, turned[1] ? transposed(b) : b)])
        expect(await differences(device, inputs, f)).toEqual([])
      }),
      { numRuns, seed: 5 }
    )
    device.close()
  }, 120_000)

  test('convolutions and their gradients, grouped, strided, dilated and padded, are those of float64', async () => {
    const device = await deviceIn(mode)
    await fc.assert(
      fc.asyncProperty(convolutions, async (convolution) => {
        expect(await differences(device, noise(convolution.x, convolution.w, convolution.y), gradientsOf(convolution))).toEqual([])
      }),
      { numRuns, seed: 6 }
    )
    device.close()
  }, 240_000)

  test('results and operands of contractions are operands and results of other kernels', async () => {
    const device = await deviceIn(mode)
    const attributes = { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 } as const
    const f: Program = (x, w, b) => {
      if (x === undefined || w === undefined || b === undefined) return []
      const map = bind('relu', {}, bind('conv2d', attributes, bind('exp', {}, x), w))
      const flat = bind('reshape', { shape: [2, 5 * 6 * 7] }, map)
      const product = bind('matmul', {}, flat, transposed(b))
      return [bind('sub', {}, product, bind('reduceSum', { axes: [0], keepDimensions: true }, product)), bind('matmul', {}, transposed(product), flat), map]
    }
    expect(await differences(device, noise([2, 3, 6, 7], [5, 3, 3, 3], [4, 210]), f)).toEqual([])
    device.close()
  })
})

describe('in mode webasm', () => {
  test('long sums are left in parts and keep their digits', async () => {
    const device = await deviceIn('webasm')
    const attributes = { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1 } as const
    const f: Program = (a, b, x, dy) =>
      a === undefined || b === undefined || x === undefined || dy === undefined
        ? []
        : [bind('matmul', {}, a, b), bind('conv2dWeightGradient', { ...attributes, kernel: [3, 3] }, x, dy), bind('conv2dWeightGradient', { ...attributes, kernel: [1, 1] }, x, x)]
    expect(await differences(device, noise([3, 9001], [9001, 5], [3, 2, 71, 92], [3, 3, 69, 90]), f, 1e-6)).toEqual([])
    device.close()
  })

  test('transposed operands are read where they are', async () => {
    const device = await deviceIn('webasm')
    const inputs = noise([7, 9], [5, 7])
    const executable = await take(device.compile(traced(inputs, (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, transposed(a), transposed(b))]))))
    expect(executable.report.kernels).toBe(1)
    device.close()
  })

  test('one text serves products, transposed or not, and convolutions of 1 × 1; another all sizes, strides and dilations of a window', async () => {
    const device = await deviceIn('webasm')
    const textsOf = async (inputs: readonly HostValue[], f: Program): Promise<number> => {
      const before = device.counts().texts
      expect(await differences(device, inputs, f)).toEqual([])
      return device.counts().texts - before
    }
    const product: Program = (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, a, b)])
    const turned: Program = (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, transposed(a), transposed(b))])
    const convolved =
      (attributes: ConvolutionAttributes): Program =>
      (x, w) =>
        x === undefined || w === undefined ? [] : [bind('conv2d', attributes, x, w)]
    const plain = { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1 } as const
    expect(await textsOf(noise([5, 12], [12, 8]), product)).toBe(1)
    expect(await textsOf(noise([3, 6, 17], [3, 17, 9]), product)).toBe(0)
    expect(await textsOf(noise([23, 6], [9, 23]), turned)).toBe(0)
    expect(await textsOf(noise([2, 11, 6, 5], [4, 11, 1, 1]), convolved(plain))).toBe(0)
    expect(await textsOf(noise([1, 4, 9, 9], [5, 4, 3, 3]), convolved(plain))).toBe(1)
    expect(await textsOf(noise([2, 3, 12, 17], [5, 3, 3, 3]), convolved({ ...plain, stride: [2, 3], dilation: [2, 1] }))).toBe(0)
    const gradient: Program = (dy, w) => (dy === undefined || w === undefined ? [] : [bind('conv2dInputGradient', { ...plain, padding: [[2, 2], [2, 2]], inputSize: [6, 5] }, dy, w)])
    expect(await textsOf(noise([2, 4, 8, 7], [4, 3, 3, 3]), gradient)).toBe(0)
    device.close()
  })

  test('operands and results beyond 2^23 elements', async () => {
    const device = await deviceIn('webasm')
    const f: Program = (a, b, c) => (a === undefined || b === undefined || c === undefined ? [] : [bind('matmul', {}, a, b), bind('matmul', {}, bind('slice', { start: [0, 0], limit: [3001, 2], stride: [1, 1] }, a), c)])
    const large: HostValue = { kind: 'host', dtype: 'f32', shape: [3001, 2803], data: Float32Array.from({ length: 3001 * 2803 }, (_, i) => ((i * 7919) % 1009) / 504 - 1) }
    expect(await differences(device, [large, ...noise([2803, 2], [2, 2801])], f)).toEqual([])
    device.close()
  }, 120_000)
})
