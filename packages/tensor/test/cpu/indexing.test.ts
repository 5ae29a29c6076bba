import { describe, expect, it } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import type { Tensor } from '../../src/node.js'
import type { Attributes, PrimitiveName } from '../../src/primitive.js'
import { sizeOf } from '../../src/shape.js'
import { valueOf } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'
import { distance, expectAgreement, numbers, open, random, randomIndices, referenceOf, repeat, runOn } from './agree.js'

const device = await open()

const all =
  <P extends PrimitiveName>(primitive: P, attributes: Attributes[P]) =>
  (...operands: readonly Tensor[]): readonly Tensor[] =>
    bindAll(primitive, attributes, ...operands)

/** Shape of x, axis, batch axes, shape of the indices. */
const gathers: readonly (readonly [readonly number[], number, number, readonly number[]])[] = [
  [[5, 3], 0, 0, [4]],
  [[5, 3, 2], 1, 0, [2, 4]],
  [[5, 3, 2], 2, 0, []],
  [[4, 5, 3], 1, 1, [4, 6]],
  [[4, 5, 3], 1, 1, [4]],
  [[4, 5, 3], 2, 1, [4, 2, 2]],
  [[2, 3, 5, 2], 2, 2, [2, 3, 4]],
  [[2, 3, 2, 5], 3, 2, [2, 3]],
  [[5, 3], 0, 0, [0]]
]

describe('gather and scatterAdd', () => {
  it.each(gathers)('%j along %i with %i batch axes at %j', async (shape, axis, batchDims, at) => {
    const size = shape[axis] ?? 1
    const indices = randomIndices(3, at, size)
    await expectAgreement(device, all('gather', { axis, batchDims }), [random(1, shape), indices], { variants: 9 })
    await expectAgreement(device, all('gather', { axis, batchDims }), [randomIndices(1, shape, 99), indices])
    const updates = [...shape.slice(0, axis), ...at.slice(batchDims), ...shape.slice(axis + 1)]
    await expectAgreement(device, all('scatterAdd', { axis, batchDims, size, uniqueIndices: false }), [indices, random(2, updates)], { variants: 9 })
    await expectAgreement(device, all('scatterAdd', { axis, batchDims, size, uniqueIndices: false }), [indices, randomIndices(2, updates, 9)])
  })
  it('scatters to unique places', () =>
    expectAgreement(device, all('scatterAdd', { axis: 0, batchDims: 0, size: 9, uniqueIndices: true }), [valueOf('i32', [4], [7, 0, 3, 8]), random(1, [4, 3])], { variants: 6, fixed: [0] }))
  it('adds many updates to few rows, 50 times the same', async () => {
    const inputs = [randomIndices(1, [20000], 7), random(2, [20000, 32])]
    const f = all('scatterAdd', { axis: 0, batchDims: 0, size: 7, uniqueIndices: false })
    const tensors = referenceOf(f, inputs)
    const [first] = await runOn(device, f, inputs)
    const [expected] = tensors
    if (first === undefined || expected === undefined) throw new Error('one output')
    expect(distance(first, expected)).toBeLessThan(1e-5)
    for (const [again] of await repeat(device, 50, f, inputs)) expect(again?.data).toEqual(first.data)
  })
  it.each([
    [600, 40, 500],
    [700, 24, 3],
    [520, 64, 100_000],
    [513, 32, 1]
  ])('adds %i rows of %i to %i, integers and infinities too', async (count, rest, size) => {
    const indices = randomIndices(1, [count], size)
    const f = all('scatterAdd', { axis: 0, batchDims: 0, size, uniqueIndices: false })
    await expectAgreement(device, f, [indices, randomIndices(2, [count, rest], 9)], { fixed: [0] })
    const updates = random(3, [count, rest])
    updates.data[5 * rest] = Infinity
    updates.data[9 * rest + 1] = NaN
    await expectAgreement(device, f, [indices, updates], { fixed: [0] })
  })
  it('refuses an index out of range among many', async () => {
    for (const index of [-1, 5]) {
      const indices = valueOf('i32', [600], Array.from({ length: 600 }, (_, k) => (k === 77 ? index : k % 5)))
      await expect(runOn(device, all('scatterAdd', { axis: 0, batchDims: 0, size: 5, uniqueIndices: false }), [indices, random(1, [600, 32])])).rejects.toThrow()
    }
  })
  it.each([-1, 5])('refuses the index %i of five', async (index) => {
    await expect(runOn(device, all('gather', { axis: 0, batchDims: 0 }), [random(1, [5]), valueOf('i32', [1], [index])])).rejects.toThrow()
    await expect(runOn(device, all('gather', { axis: 1, batchDims: 1 }), [random(1, [2, 5]), valueOf('i32', [2, 1], [index, 0])])).rejects.toThrow()
    const scatter = all('scatterAdd', { axis: 0, batchDims: 0, size: 5, uniqueIndices: false })
    await expect(runOn(device, scatter, [valueOf('i32', [2], [index, 0]), random(1, [2])])).rejects.toThrow()
  })
})

describe('topK', () => {
  it.each([0, 1, 3, 20, 40])('of %i', async (k) => {
    const x = random(1, [3, 40])
    await expectAgreement(device, all('topK', { k }), [x], { variants: 6 })
    await expectAgreement(device, all('topK', { k }), [{ ...x, data: x.data.map((v) => Math.round(v * 2)) }], { variants: 6 })
  })
  it('NaN is above infinity', () =>
    expectAgreement(device, all('topK', { k: 6 }), [valueOf('f32', [6], [1, Infinity, -Infinity, NaN, Infinity, NaN])], { variants: 1 }))
  it('NaN is the largest, in index order', () =>
    expectAgreement(device, all('topK', { k: 6 }), [valueOf('f32', [6], [1, NaN, -Infinity, NaN, 5, 2])], { variants: 1 }))
  it('of many', () => expectAgreement(device, all('topK', { k: 500 }), [random(4, [2, 30000])], { variants: 1 }))
})

const boxes = (seed: number, images: number, count: number): HostValue<'f32'> => {
  const next = numbers(seed)
  return valueOf('f32', [images, count, 4], Array.from({ length: images * count }, () => {
    const [x, y] = [next() * 60, next() * 60]
    return [x, y, x + 1 + next() * 40, y + 1 + next() * 40]
  }).flat())
}

describe('nms', () => {
  it.each([
    { iouThreshold: 0.5, inclusive: false, offset: 0 },
    { iouThreshold: 0.3, inclusive: true, offset: 1 },
    { iouThreshold: 0.7, inclusive: false, offset: 1 },
    { iouThreshold: 0, inclusive: false, offset: 0 }
  ] as const)('%j', async (attributes) => {
    await expectAgreement(device, all('nms', attributes), [boxes(1, 2, 60), random(2, [2, 60])], { variants: 1 })
    const scores = random(2, [2, 60])
    // Equal scores, and boxes that are never kept.
    const tied = { ...scores, data: scores.data.map((v) => (v < -1 ? -Infinity : Math.round(v))) }
    await expectAgreement(device, all('nms', attributes), [boxes(3, 2, 60), tied], { variants: 1 })
  })
  it('takes an IoU equal to the threshold as the option says', async () => {
    const pair = valueOf('f32', [1, 2, 4], [0, 0, 10, 10, 0, 0, 10, 5])
    for (const inclusive of [true, false]) {
      await expectAgreement(device, all('nms', { iouThreshold: 0.5, inclusive, offset: 0 }), [pair, valueOf('f32', [1, 2], [2, 1])], { variants: 1 })
    }
  })
  it('takes NaN for the highest score', async () => {
    for (const scores of [[0.5, NaN, 0.7, Infinity, NaN], [NaN, NaN, NaN, NaN, NaN], [NaN, -Infinity, 0.3, -Infinity, 0.2]]) {
      await expectAgreement(device, all('nms', { iouThreshold: 0.1, inclusive: false, offset: 0 }), [boxes(1, 1, 5), valueOf('f32', [1, 5], scores)], { variants: 1 })
    }
  })
  it('keeps nothing where every score is −∞', () =>
    expectAgreement(device, all('nms', { iouThreshold: 0.5, inclusive: false, offset: 0 }), [boxes(1, 1, 5), valueOf('f32', [1, 5], Array(5).fill(-Infinity))], { variants: 1 }))
})

describe('roiAlign and its transpose', () => {
  const featureShapes = [
    [2, 5, 24, 60],
    [2, 5, 12, 30],
    [2, 5, 6, 15]
  ]
  const scales = [1 / 4, 1 / 8, 1 / 16]
  const regions = (count: number, images: number, levels: number): readonly HostValue[] => {
    const next = numbers(count + 5)
    const corners = Array.from({ length: count }, (_, k) => {
      // Some reach outside, some are empty, some hardly a cell wide.
      const [x, y] = [next() * 260 - 20, next() * 110 - 10]
      const side = k % 7 === 0 ? 0.5 : k % 5 === 0 ? 0 : 120
      return [x, y, x + next() * side, y + next() * side]
    })
    return [valueOf('f32', [count, 4], corners.flat()), randomIndices(6, [count], images), randomIndices(7, [count], levels)]
  }
  const settings = [
    { outputSize: [7, 7], samplingRatio: 2, aligned: false },
    { outputSize: [2, 3], samplingRatio: 1, aligned: true },
    { outputSize: [3, 2], samplingRatio: 0, aligned: false },
    { outputSize: [4, 4], samplingRatio: 0, aligned: true }
  ] as const
  it.each(settings)('%j', async (setting) => {
    for (const [count, levels] of [[12, 3], [40, 3], [6, 1], [1, 3], [0, 3]] as const) {
      const shapes = featureShapes.slice(0, levels)
      const attributes = { ...setting, scales: scales.slice(0, levels) }
      const features = shapes.map((shape, k) => random(k + 1, shape))
      const rois = regions(count, 2, levels)
      const whole = [levels, levels + 1, levels + 2]
      await expectAgreement(device, all('roiAlign', attributes), [...features, ...rois], { variants: 3, fixed: whole })
      const dy = random(9, [count, 5, ...setting.outputSize])
      await expectAgreement(device, all('roiAlignGradient', { ...attributes, featureShapes: shapes }), [dy, ...rois], { variants: 3, fixed: [1, 2, 3] })
    }
  })
  it('the gradient is the same 50 times', async () => {
    const rois = regions(40, 2, 3)
    const f = all('roiAlignGradient', { outputSize: [7, 7], samplingRatio: 2, aligned: false, scales, featureShapes })
    const inputs = [random(9, [40, 5, 7, 7]), ...rois]
    const first = await runOn(device, f, inputs)
    for (const again of await repeat(device, 50, f, inputs)) expect(again.map(({ data }) => data)).toEqual(first.map(({ data }) => data))
  })
  it('refuses an image and a level that are not there', async () => {
    const attributes = { outputSize: [2, 2], samplingRatio: 2, aligned: false, scales: [1] } as const
    const box = valueOf('f32', [1, 4], [0, 0, 2, 2])
    for (const [image, level] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const inputs = [random(1, [1, 1, 4, 4]), box, valueOf('i32', [1], [image ?? 0]), valueOf('i32', [1], [level ?? 0])]
      await expect(runOn(device, all('roiAlign', attributes), inputs)).rejects.toThrow()
      await expect(runOn(device, all('roiAlign', { ...attributes, samplingRatio: 0 }), inputs)).rejects.toThrow()
    }
  })
  it('the transpose of pooling is its gradient', async () => {
    const attributes = { outputSize: [3, 3], samplingRatio: 2, aligned: true, scales: scales.slice(0, 2) } as const
    const shapes = featureShapes.slice(0, 2)
    const rois = regions(20, 2, 2)
    const features = shapes.map((shape, k) => random(k + 1, shape))
    const dy = random(5, [20, 5, 3, 3])
    const dot = (a: readonly HostValue[], b: readonly HostValue[]): number =>
      a.reduce((sum, value, k) => sum + Array.from(value.data).reduce((inner, x, i) => inner + x * (b[k]?.data[i] ?? 0), 0), 0)
    const y = await runOn(device, all('roiAlign', attributes), [...features, ...rois])
    const dx = await runOn(device, all('roiAlignGradient', { ...attributes, featureShapes: shapes }), [dy, ...rois])
    expect(dot(features, dx) / dot(y, [dy])).toBeCloseTo(1, 3)
    expect(sizeOf(dx[0]?.shape ?? [])).toBe(sizeOf(shapes[0] ?? []))
  })
})

it('bind and bindAll agree', () => {
  expect(bind('topK', { k: 1 }, bind('constant', { value: random(1, [3]) })).index).toBe(0)
})
