import { describe, it } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import type { Tensor } from '../../src/node.js'
import type { Attributes, PrimitiveName } from '../../src/primitive.js'
import { windowedMap } from '../../src/infer/linear.js'
import { valueOf } from '../../src/value.js'
import { expectAgreement, numbers, open, random } from './agree.js'

const device = await open()

const all =
  <P extends PrimitiveName>(primitive: P, attributes: Attributes[P]) =>
  (...operands: readonly Tensor[]): readonly Tensor[] =>
    bindAll(primitive, attributes, ...operands)

describe('matmul', () => {
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[3, 4], [4, 5]],
    [[2, 3, 4], [4, 5]],
    [[2, 3, 4], [2, 4, 5]],
    [[3, 4], [2, 4, 5]],
    [[2, 1, 3, 4], [3, 4, 5]],
    [[1, 3, 4], [1, 4, 5]],
    [[1, 3, 4], [2, 4, 5]],
    [[3, 0], [0, 5]],
    [[0, 4], [4, 5]],
    [[2, 3, 0], [2, 0, 5]],
    [[1, 4], [4, 1]],
    [[5, 1, 6], [5, 6, 4]],
    [[5, 1, 6], [2, 5, 6, 4]],
    [[1, 1, 6], [5, 6, 1]]
  ]
  it.each(cases)('%j by %j', (a, b) => expectAgreement(device, all('matmul', {}), [random(1, a), random(2, b)], { variants: 12 }))
  it.each(cases.filter(([a, b]) => a.length === 2 && b.length === 2))('%j by %j, transposed', (a, b) => {
    const product = (...operands: readonly Tensor[]): Tensor => bind('matmul', {}, ...operands)
    const transposed = (x: Tensor): Tensor => bind('transpose', { permutation: [1, 0] }, x)
    return expectAgreement(device, (x, y) => (x === undefined || y === undefined ? [] : [bind('add', {}, transposed(product(x, y)), transposed(product(x, bind('neg', {}, y)))), transposed(product(x, y))]), [random(1, a), random(2, b)], { variants: 12 })
  })
})

interface Case {
  readonly x: readonly [number, number, number, number]
  readonly outputs: number
  readonly kernel: readonly [number, number]
  readonly attributes: Attributes['conv2d']
}

const plain = (stride: number, padding: number, dilation = 1, groups = 1): Attributes['conv2d'] => ({
  stride: [stride, stride],
  padding: [
    [padding, padding],
    [padding, padding]
  ],
  dilation: [dilation, dilation],
  groups
})

const convolutions: readonly Case[] = [
  { x: [2, 3, 8, 8], outputs: 4, kernel: [3, 3], attributes: plain(1, 1) },
  { x: [1, 3, 8, 9], outputs: 4, kernel: [3, 3], attributes: plain(2, 1) },
  { x: [2, 3, 8, 8], outputs: 4, kernel: [3, 3], attributes: plain(2, 1) },
  { x: [2, 3, 9, 7], outputs: 4, kernel: [1, 1], attributes: plain(1, 0) },
  { x: [2, 3, 9, 7], outputs: 4, kernel: [1, 1], attributes: plain(2, 0) },
  { x: [2, 3, 8, 8], outputs: 4, kernel: [1, 1], attributes: plain(2, 0) },
  { x: [2, 3, 21, 18], outputs: 4, kernel: [7, 7], attributes: plain(2, 3) },
  { x: [1, 8, 12, 12], outputs: 4, kernel: [5, 5], attributes: plain(1, 2) },
  { x: [2, 4, 9, 9], outputs: 6, kernel: [3, 3], attributes: plain(1, 2, 2) },
  { x: [2, 4, 9, 9], outputs: 6, kernel: [3, 3], attributes: plain(2, 2, 2, 2) },
  { x: [2, 4, 9, 9], outputs: 8, kernel: [3, 3], attributes: plain(1, 1, 1, 4) },
  { x: [40, 5, 7, 7], outputs: 6, kernel: [3, 3], attributes: plain(1, 1) },
  { x: [40, 5, 7, 7], outputs: 6, kernel: [1, 1], attributes: plain(1, 0) },
  { x: [40, 5, 8, 8], outputs: 6, kernel: [2, 2], attributes: plain(2, 0) },
  { x: [33, 3, 24, 22], outputs: 2, kernel: [2, 2], attributes: plain(2, 0) },
  { x: [33, 2, 6, 8], outputs: 3, kernel: [3, 2], attributes: { ...plain(2, 0), stride: [3, 2] } },
  { x: [33, 2, 7, 9], outputs: 3, kernel: [3, 2], attributes: { ...plain(2, 0), stride: [3, 2] } },
  { x: [33, 2, 5, 6], outputs: 3, kernel: [3, 2], attributes: plain(2, 1, 2) },
  { x: [1, 2, 6, 6], outputs: 3, kernel: [3, 3], attributes: { stride: [1, 2], padding: [[0, 2], [1, 0]], dilation: [2, 1], groups: 1 } },
  { x: [1, 2, 6, 6], outputs: 3, kernel: [2, 3], attributes: { stride: [3, 1], padding: [[3, 0], [0, 1]], dilation: [1, 2], groups: 1 } },
  { x: [1, 2, 160, 152], outputs: 3, kernel: [3, 3], attributes: plain(2, 1) },
  { x: [2, 2, 6, 6], outputs: 3, kernel: [1, 1], attributes: plain(1, 1) },
  { x: [0, 2, 6, 6], outputs: 3, kernel: [3, 3], attributes: plain(1, 1) }
]

describe('convolutions and their transposes', () => {
  it.each(convolutions.map((c) => [JSON.stringify(c), c] as const))('%s', async (_name, { x, outputs, kernel, attributes }) => {
    const weights = [outputs, x[1] / attributes.groups, ...kernel]
    const map = windowedMap('test', [x[2], x[3]], kernel, attributes)
    const y = [x[0], outputs, ...map]
    const options = { variants: x[2] > 100 ? 2 : 6 }
    await expectAgreement(device, all('conv2d', attributes), [random(1, x), random(2, weights)], options)
    await expectAgreement(device, all('conv2dInputGradient', { ...attributes, inputSize: [x[2], x[3]] }), [random(3, y), random(2, weights)], options)
    await expectAgreement(device, all('conv2dWeightGradient', { ...attributes, kernel }), [random(1, x), random(3, y)], options)
  })
})

describe('pooling', () => {
  const pools: readonly (readonly [readonly [number, number, number, number], Attributes['maxPool2d']])[] = [
    [[2, 3, 8, 8], { kernel: [3, 3], stride: [2, 2], padding: [[1, 1], [1, 1]], dilation: [1, 1] }],
    [[2, 3, 7, 9], { kernel: [3, 3], stride: [2, 2], padding: [[1, 1], [1, 1]], dilation: [1, 1] }],
    [[2, 3, 7, 9], { kernel: [1, 1], stride: [2, 2], padding: [[0, 0], [0, 0]], dilation: [1, 1] }],
    [[2, 3, 8, 6], { kernel: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]], dilation: [1, 1] }],
    [[1, 2, 9, 9], { kernel: [2, 3], stride: [1, 2], padding: [[1, 0], [0, 2]], dilation: [2, 1] }],
    [[1, 2, 9, 9], { kernel: [3, 3], stride: [3, 3], padding: [[0, 1], [0, 1]], dilation: [1, 1] }],
    [[1, 2, 5, 5], { kernel: [2, 2], stride: [4, 3], padding: [[0, 0], [0, 0]], dilation: [1, 1] }],
    [[1, 2, 4, 4], { kernel: [1, 2], stride: [1, 1], padding: [[2, 1], [0, 3]], dilation: [1, 1] }]
  ]
  it.each(pools)('of %j by %j', async (shape, attributes) => {
    const [rows, columns] = windowedMap('test', [shape[2], shape[3]], attributes.kernel, attributes)
    const next = numbers(5)
    // Few different numbers, so that windows have ties.
    const tied = valueOf('f32', shape, Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.floor(next() * 4) - 2))
    for (const x of [random(1, shape), tied]) {
      await expectAgreement(device, all('maxPool2d', attributes), [x], { variants: 6 })
      await expectAgreement(device, (t) => (t === undefined ? [] : [bind('maxPool2d', attributes, t)]), [x], { variants: 6 })
      await expectAgreement(device, all('maxPool2dGradient', attributes), [x, random(2, [shape[0], shape[1], rows, columns])], { variants: 6 })
    }
  })
  it('NaN and infinities go through', async () => {
    const values = [NaN, 1, 2, 3, 4, NaN, -Infinity, -Infinity, 5, 6, -Infinity, -Infinity, 1, Infinity, 3, NaN]
    const attributes: Attributes['maxPool2d'] = { kernel: [2, 2], stride: [2, 2], padding: [[0, 0], [0, 0]], dilation: [1, 1] }
    await expectAgreement(device, (t) => (t === undefined ? [] : [bind('maxPool2d', attributes, t)]), [valueOf('f32', [1, 1, 4, 4], values)])
    await expectAgreement(device, (t) => (t === undefined ? [] : [bind('maxPool2d', { ...attributes, kernel: [1, 1] }, t)]), [valueOf('f32', [1, 1, 4, 4], values)])
  })
  it('the last NaN of a window is its maximum, the first −∞ where there is nothing else, for indices and gradients', async () => {
    const next = numbers(7)
    const values = Array.from({ length: 2 * 7 * 6 }, () => {
      const draw = Math.floor(next() * 8)
      return draw < 2 ? NaN : draw === 2 ? Infinity : draw === 3 ? -Infinity : draw - 5
    })
    const x = valueOf('f32', [1, 2, 7, 6], values)
    for (const [kernel, stride, padding, dilation] of [[3, 2, 1, 1], [2, 1, 0, 2], [1, 2, 0, 1]] as const) {
      const attributes: Attributes['maxPool2d'] = { kernel: [kernel, kernel], stride: [stride, stride], padding: [[padding, padding], [padding, padding]], dilation: [dilation, dilation] }
      const [rows, columns] = windowedMap('test', [7, 6], attributes.kernel, attributes)
      const lowest = valueOf('f32', [1, 2, 7, 6], Array.from({ length: 84 }, () => -Infinity))
      await expectAgreement(device, all('maxPool2d', attributes), [lowest])
      await expectAgreement(device, all('maxPool2dGradient', attributes), [lowest, random(2, [1, 2, rows, columns])])
      await expectAgreement(device, all('maxPool2d', attributes), [x])
      await expectAgreement(device, all('maxPool2dGradient', attributes), [x, random(2, [1, 2, rows, columns])])
    }
  })
  it.each([[2, 2], [3, 1], [1, 4]] as const)('upsampling and window sums by %i and %i', async (fy, fx) => {
    await expectAgreement(device, all('upsampleNearest', { factor: [fy, fx] }), [random(1, [2, 3, 4, 5])], { variants: 6 })
    await expectAgreement(device, all('windowSum', { factor: [fy, fx] }), [random(1, [2, 3, 4 * fy, 5 * fx])], { variants: 6 })
  })
})

describe('weight gradients of large maps', () => {
  // Many channels, whose taps are put side by side, and so many elements that channels are read in two blocks.
  it('are those of all channels at once', () =>
    expectAgreement(device, all('conv2dWeightGradient', { ...plain(1, 1), kernel: [3, 3] }), [random(1, [1, 160, 120, 120]), random(3, [1, 2, 120, 120])], { variants: 1, tolerance: 1e-4 }))
})
