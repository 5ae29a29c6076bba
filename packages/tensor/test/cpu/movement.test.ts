import { describe, expect, it } from 'vitest'
import { bind } from '../../src/bind.js'
import type { Tensor } from '../../src/node.js'
import type { Attributes, PrimitiveName } from '../../src/primitive.js'
import { valueOf } from '../../src/value.js'
import { expectAgreement, open, random, randomIndices, randomTruth, runOn } from './agree.js'

const device = await open()

const one =
  <P extends PrimitiveName>(primitive: P, attributes: Attributes[P]) =>
  (...operands: readonly Tensor[]): readonly Tensor[] => [bind(primitive, attributes, ...operands)]

describe('reshape', () => {
  const cases: readonly (readonly [readonly number[], readonly number[]])[] = [
    [[2, 3, 4], [6, 4]],
    [[2, 3, 4], [2, 12]],
    [[2, 3, 4], [24]],
    [[2, 3, 4], [4, 6]],
    [[6, 4], [2, 3, 4]],
    [[1, 6, 1, 4], [6, 4]],
    [[6, 4], [1, 3, 2, 1, 4, 1]],
    [[1], []],
    [[], [1, 1]],
    [[2, 0, 3], [0, 5]],
    [[8, 2, 3, 3], [8, 18]],
    [[8, 18], [8, 2, 3, 3]]
  ]
  it.each(cases)('%j to %j', (from, to) => expectAgreement(device, one('reshape', { shape: to }), [random(1, from)], { variants: 12 }))
})

describe('transpose, broadcast and reverse', () => {
  it('transposes', () => expectAgreement(device, one('transpose', { permutation: [2, 0, 3, 1] }), [random(1, [2, 3, 4, 5])], { variants: 6 }))
  it('transposes truth values and integers', async () => {
    await expectAgreement(device, one('transpose', { permutation: [1, 0] }), [randomTruth(1, [2, 3])])
    await expectAgreement(device, one('transpose', { permutation: [1, 0] }), [randomIndices(1, [2, 3], 9)])
  })
  it.each([[[3, 1], [2, 3, 4]], [[], [2, 3]], [[2, 3], [2, 3]], [[1, 3, 1], [5, 3, 2]], [[1], [0, 3]]] as const)('broadcasts %j to %j', (from, to) =>
    expectAgreement(device, one('broadcastTo', { shape: to }), [random(1, from)], { variants: 6 }))
  it('reverses', () => expectAgreement(device, one('reverse', { axes: [0, 2] }), [random(1, [3, 2, 4])], { variants: 6 }))
})

describe('slice, pad and concatenate', () => {
  it.each([
    [[1, 0, 2], [3, 2, 5], [1, 1, 1]],
    [[0, 1, 0], [4, 3, 5], [2, 1, 3]],
    [[2, 2, 2], [2, 3, 5], [1, 1, 1]],
    [[0, 0, 0], [4, 3, 5], [1, 1, 1]]
  ] as const)('slices from %j to %j by %j', (start, limit, stride) =>
    expectAgreement(device, one('slice', { start, limit, stride }), [random(1, [4, 3, 5])], { variants: 6 }))
  it('slices truth values', () => expectAgreement(device, one('slice', { start: [1, 0], limit: [3, 3], stride: [1, 2] }), [randomTruth(1, [3, 3])], { variants: 6 }))
  it.each([
    [[1, 0, 2], [0, 1, 3], [0, 0, 0], 0],
    [[0, 0, 0], [0, 0, 0], [1, 0, 2], 7],
    [[1, 2, 0], [2, 0, 1], [2, 1, 0], -1],
    [[1, 1, 1], [1, 1, 1], [0, 0, 0], NaN]
  ] as const)('pads by %j and %j, between %j', (low, high, interior, value) =>
    expectAgreement(device, one('pad', { low, high, interior, value }), [random(1, [2, 3, 4])], { variants: 6 }))
  it('pads nothing to something', () => expectAgreement(device, one('pad', { low: [1, 0], high: [1, 0], interior: [0, 0], value: 3 }), [random(1, [0, 2])]))
  it('pads integers', () => expectAgreement(device, one('pad', { low: [1], high: [1], interior: [1], value: 3 }), [randomIndices(1, [4], 9)]))
  it('concatenates', async () => {
    await expectAgreement(device, one('concatenate', { axis: 1 }), [random(1, [2, 3, 4]), random(2, [2, 1, 4]), random(3, [2, 5, 4])], { variants: 12 })
    await expectAgreement(device, one('concatenate', { axis: 0 }), [random(1, [0, 3]), random(2, [2, 3])])
    await expectAgreement(device, one('concatenate', { axis: 0 }), [randomTruth(1, [2]), randomTruth(2, [3])])
  })
})

describe('reductions', () => {
  it.each([{ over: [0] }, { over: [1, 3] }, { over: [0, 1, 2, 3] }, { over: [] }, { over: [2, 3] }])('over $over', async ({ over }) => {
    for (const keepDimensions of [true, false]) {
      await expectAgreement(device, one('reduceSum', { axes: over, keepDimensions }), [random(1, [3, 2, 4, 5])], { variants: 6 })
      await expectAgreement(device, one('reduceMax', { axes: over, keepDimensions }), [random(1, [3, 2, 4, 5])], { variants: 6 })
      await expectAgreement(device, one('reduceSum', { axes: over, keepDimensions }), [randomIndices(1, [3, 2, 4, 5], 9)], { variants: 6 })
      await expectAgreement(device, one('reduceMax', { axes: over, keepDimensions }), [randomIndices(1, [3, 2, 4, 5], 9)])
    }
  })
  it('sums and maxima of nothing', async () => {
    await expectAgreement(device, one('reduceSum', { axes: [1], keepDimensions: false }), [random(1, [2, 0])])
    await expectAgreement(device, one('reduceMax', { axes: [1], keepDimensions: false }), [random(1, [2, 0])])
  })
  it('NaN is the maximum wherever it is', async () => {
    for (let place = 0; place < 37; place++) {
      const values = Array.from({ length: 37 }, (_, k) => (k === place ? NaN : k % 5))
      await expectAgreement(device, one('reduceMax', { axes: [0], keepDimensions: false }), [valueOf('f32', [37], values)], { variants: 1 })
      await expectAgreement(device, one('argmax', { axis: 0 }), [valueOf('f32', [37], values)], { variants: 1 })
    }
  })
  it.each([0, 1, 2])('argmax along %i', async (axis) => {
    await expectAgreement(device, one('argmax', { axis }), [random(1, [3, 4, 5])], { variants: 6 })
    await expectAgreement(device, one('argmax', { axis }), [randomIndices(1, [3, 4, 5], 3)], { variants: 6 })
    const ties = random(1, [3, 4, 5])
    await expectAgreement(device, one('argmax', { axis }), [{ ...ties, data: ties.data.map((x) => Math.round(x)) }], { variants: 6 })
  })
  it('argmax of several NaNs and infinities', () =>
    expectAgreement(device, one('argmax', { axis: 1 }), [valueOf('f32', [2, 4], [Infinity, NaN, 1, NaN, -Infinity, -Infinity, -Infinity, -Infinity])], { variants: 1 }))
})

describe('constants', () => {
  it('are what they are', async () => {
    const values = [random(1, [2, 3]), valueOf('f32', [4], [0, 0, 0, 0]), valueOf('f32', [], [NaN]), randomIndices(1, [3], 5), valueOf('u32', [2], [4294967295, 0]), randomTruth(2, [5]), valueOf('f32', [0], []), valueOf('f32', [2], [0, -0])]
    await expectAgreement(device, () => values.map((value) => bind('constant', { value })), [])
  })
  it('iota', () => expectAgreement(device, () => [bind('iota', { shape: [3, 4], dtype: 'i32', axis: 0 }), bind('iota', { shape: [3, 4], dtype: 'f32', axis: 1 }), bind('iota', { shape: [0], dtype: 'f32', axis: 0 })], []))
  it('one result twice, and an input as a result', () => expectAgreement(device, (x) => (x === undefined ? [] : [x, bind('neg', {}, x), x]), [random(1, [3])]))
})

describe('randomBits', () => {
  it('depends on the key alone', async () => {
    for (const key of [[0, 0], [42, 0], [4294967295, 2147483648], [123456789, 987654321]]) {
      await expectAgreement(device, one('randomBits', { shape: [3, 5] }), [valueOf('u32', [2], key)], { variants: 1 })
    }
    const [bits] = await runOn(device, one('randomBits', { shape: [1] }), [valueOf('u32', [2], [0, 0])])
    expect(bits?.data[0]).toBe((0x6b200159 ^ 0x99ba4efe) >>> 0)
  })
})
