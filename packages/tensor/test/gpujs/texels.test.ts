import { either as E } from 'fp-ts'
import { WebGL2Kernel, WebGLKernel } from 'gpu.js'
import { describe, expect, test } from 'vitest'
import { bind } from '../../src/bind.js'
import { deviceOver } from '../../src/device/gpujs/device.js'
import { arrayEngine } from '../../src/device/gpujs/engine/arrays.js'
import type { Engine, KernelSource, Resident } from '../../src/device/gpujs/engine/engine.js'
import { withFlatReads } from '../../src/device/gpujs/engine/shader-reads.js'
import { tallied } from '../../src/device/gpujs/engine/tally.js'
import { evaluate } from '../../src/device/reference/index.js'
import type { Tensor } from '../../src/node.js'
import type { ConvolutionAttributes } from '../../src/primitive.js'
import { key, uniform } from '../../src/random/index.js'
import { differenceOf } from '../../src/testing/index.js'
import { program, take } from './programs.js'

/** An engine with texels: its kernels' texts run as what they are, functions of JavaScript. Places outside of an array answer NaN, as what no result may depend on. */
const plainEngine = (): { readonly engine: Engine; readonly ran: KernelSource[] } => {
  const { fuse: _, ...common } = arrayEngine('cpu', tallied())
  const values = new WeakMap<Resident, { readonly numbers: Float32Array; readonly texels: boolean }>()
  const ran: KernelSource[] = []
  const keep = (elements: number, numbers: Float32Array, texels: boolean): Resident => {
    const resident = { elements }
    values.set(resident, { numbers, texels })
    return resident
  }
  const find = (value: Resident): { readonly numbers: Float32Array; readonly texels: boolean } => values.get(value) ?? { numbers: new Float32Array(), texels: false }
  const engine: Engine = {
    ...common,
    texels: true,
    upload: (given) => keep(given.length, given.slice(), false),
    dispatch: (kernel, arrays) => {
      ran.push(kernel)
      const compute = new Function(`return ${kernel.source}`)() as (this: object, ...args: readonly unknown[]) => number | readonly number[]
      const operands = arrays.map(find).map(({ numbers, texels }) =>
        texels ? Array.from({ length: numbers.length / 4 + 4096 }, (_, k) => (4 * k < numbers.length ? [...numbers.subarray(4 * k, 4 * k + 4)] : [NaN, NaN, NaN, NaN])) : numbers
      )
      const [width, height = 1, depth = 1] = kernel.output
      const each = kernel.texels === true ? 4 : 1
      const result = new Float32Array(width * height * depth * each)
      let at = 0
      for (let z = 0; z < depth; z++) for (let y = 0; y < height; y++) for (let x = 0; x < width; x++, at += each) {
        const answer = compute.call({ thread: { x, y, z } }, ...operands, ...kernel.scalars)
        if (typeof answer === 'number') result[at] = answer
        else result.set(answer, at)
      }
      return keep(kernel.elements, result, each === 4)
    },
    read: (value) => Promise.resolve(find(value).numbers),
    release: () => undefined
  }
  return { engine, ran }
}

type Program = (...operands: readonly Tensor[]) => readonly Tensor[]

/** Compares with the interpreter, and answers how many of the kernels answered texels. */
const texelKernels = async (shapes: readonly (readonly number[])[], f: Program): Promise<number> => {
  const inputs = shapes.map((shape, index) => uniform(key(index + 1), shape, -1, 1))
  const graph = program(inputs, f)
  const { engine, ran } = plainEngine()
  const executable = await take(deviceOver({ engine, rejected: [] }).compile(graph))
  const found = await take(executable.run(inputs))
  const expected = evaluate(graph, inputs)
  if (E.isLeft(expected)) throw new Error(JSON.stringify(expected.left))
  expect(expected.right.flatMap((want, index) => differenceOf(found[index], want, { absolute: 1e-6, relative: 3e-6 }) ?? [])).toEqual([])
  return ran.filter(({ texels }) => texels === true).length
}

const convolution =
  (attributes: ConvolutionAttributes): Program =>
  (x, w, dy) => {
    const y = bind('conv2d', attributes, x ?? w, w ?? x)
    return dy === undefined ? [y] : [y]
  }

const plain: ConvolutionAttributes = { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 }

describe('contractions over texels agree with the interpreter', () => {
  test('products of odd sizes, of transposed and computed operands, and in batches', async () => {
    const product: Program = (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, a, b)])
    expect(await texelKernels([[63, 47], [47, 65]], product)).toBe(3)
    expect(await texelKernels([[3, 41, 30], [30, 43]], product)).toBe(3)
    expect(await texelKernels([[50, 64], [66, 50]], (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, bind('transpose', { permutation: [1, 0] }, bind('neg', {}, a)), bind('transpose', { permutation: [1, 0] }, b))]))).toBe(3)
  })

  test('sums too long for a thread', async () => {
    expect(await texelKernels([[6, 9001], [9001, 5]], (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, a, b)]))).toBe(3)
  })

  test('convolutions with strides, dilations, groups and padding, and their gradients', async () => {
    const cases: readonly (readonly [readonly number[], readonly number[], ConvolutionAttributes])[] = [
      [[1, 7, 17, 15], [9, 7, 3, 3], plain],
      [[2, 6, 21, 19], [8, 6, 3, 3], { ...plain, stride: [2, 2] }],
      [[5, 8, 11, 13], [12, 4, 3, 2], { ...plain, dilation: [2, 1], groups: 2 }],
      [[1, 3, 30, 30], [10, 3, 7, 7], { ...plain, stride: [2, 3], padding: [[3, 2], [3, 1]] }],
      [[1, 40, 12, 11], [30, 40, 1, 1], { ...plain, padding: [[0, 0], [0, 0]] }]
    ]
    for (const [x, w, attributes] of cases) {
      const side = (k: 0 | 1): number => {
        const [size = 1, kernel = 1] = [x[2 + k], w[2 + k]]
        return Math.floor((size + attributes.padding[k][0] + attributes.padding[k][1] - attributes.dilation[k] * (kernel - 1) - 1) / attributes.stride[k]) + 1
      }
      const y = [x[0] ?? 1, w[0] ?? 1, side(0), side(1)]
      const all: Program = (input, weight, dy) =>
        input === undefined || weight === undefined || dy === undefined
          ? []
          : [
              bind('conv2d', attributes, input, weight),
              bind('conv2dInputGradient', { ...attributes, inputSize: [x[2] ?? 1, x[3] ?? 1] }, dy, weight),
              bind('conv2dWeightGradient', { ...attributes, kernel: [w[2] ?? 1, w[3] ?? 1] }, input, dy)
            ]
      expect(await texelKernels([x, w, y], all)).toBeGreaterThanOrEqual(6)
    }
  })

  test('small ones, and those whose operands share all coordinates, go number by number', async () => {
    expect(await texelKernels([[8, 8], [8, 8]], (a, b) => (a === undefined || b === undefined ? [] : [bind('matmul', {}, a, b)]))).toBe(0)
    expect(await texelKernels([[4, 32, 20, 20], [32, 1, 3, 3]], convolution({ ...plain, groups: 32 }))).toBe(0)
  })

  test('what two contractions read alike is packed once', async () => {
    expect(await texelKernels([[64, 64], [64, 64], [64, 64]], (a, b, c) => (a === undefined || b === undefined || c === undefined ? [] : [bind('matmul', {}, a, b), bind('matmul', {}, a, c)]))).toBe(5)
  })
})

test('the shaders of gpu.js read texels where they are looked for', () => {
  for (const { fragmentShader } of [WebGL2Kernel, WebGLKernel] as unknown as readonly { readonly fragmentShader: string }[]) {
    expect(withFlatReads(fragmentShader)).toContain('if (z == 0 && y == 0)')
  }
})
