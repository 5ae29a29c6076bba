import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import { evaluate, referenceDevice } from '../../src/device/reference/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import type { Attributes, PrimitiveName } from '../../src/primitive.js'
import { floats, integers, scalar, valueOf } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'

const apply = <P extends PrimitiveName>(primitive: P, attributes: Attributes[P], ...inputs: readonly HostValue[]) => {
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  return evaluate(graphOf(parameters, bindAll(primitive, attributes, ...parameters)), inputs)
}
const numbersOf = (result: ReturnType<typeof apply>): readonly (readonly number[])[] => {
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right.map(({ data }) => Array.from(data))
}
const window = { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1] } as const

describe('decisions', () => {
  test('topK takes NaN first and equals in index order', () => {
    expect(numbersOf(apply('topK', { k: 5 }, floats([6], [1, 3, NaN, 3, -Infinity, NaN])))).toEqual([[NaN, NaN, 3, 3, 1], [2, 5, 1, 3, 0]])
  })
  test('argmax stops at the first NaN', () => {
    expect(numbersOf(apply('argmax', { axis: 0 }, floats([5], [1, NaN, 9, NaN, 9])))).toEqual([[1]])
  })
  test('reduceMax passes NaN on and answers −∞ for nothing', () => {
    expect(numbersOf(apply('reduceMax', { axes: [1], keepDimensions: false }, floats([2, 2], [1, NaN, 2, 3])))).toEqual([[NaN, 3]])
    expect(numbersOf(apply('reduceMax', { axes: [1], keepDimensions: false }, floats([1, 0], [])))).toEqual([[-Infinity]])
  })
  test('maxPool2d takes the first of equals and the last NaN, as PyTorch', () => {
    const attributes = { ...window, kernel: [1, 3] } as const
    expect(numbersOf(apply('maxPool2d', attributes, floats([1, 1, 1, 6], [2, 5, 5, NaN, 7, NaN])))).toEqual([[5, NaN, NaN, NaN], [1, 3, 3, 5]])
    expect(numbersOf(apply('maxPool2d', attributes, floats([1, 1, 1, 3], [-Infinity, -Infinity, -Infinity])))).toEqual([[-Infinity], [0]])
  })
  test('nms never keeps −∞, and `inclusive` decides at the threshold', () => {
    const boxes = floats([1, 3, 4], [0, 0, 2, 1, 0, 0, 1, 1, 5, 5, 6, 6])
    const scores = floats([1, 3], [0.9, 0.8, -Infinity])
    const keep = (inclusive: boolean) => numbersOf(apply('nms', { iouThreshold: 0.5, inclusive, offset: 0 }, boxes, scores))
    expect(keep(false)).toEqual([[1, 1, 0]])
    expect(keep(true)).toEqual([[1, 0, 0]])
  })
  test('nms with offset 1 counts inclusive pixels', () => {
    const boxes = floats([1, 2, 4], [0, 0, 1, 0, 0, 0, 0, 0])
    expect(numbersOf(apply('nms', { iouThreshold: 0.4, inclusive: false, offset: 1 }, boxes, floats([1, 2], [1, 1])))).toEqual([[1, 0]])
  })
  test('casts truncate and saturate', () => {
    expect(numbersOf(apply('cast', { dtype: 'i32' }, floats([5], [-1.9, 1.9, NaN, 1e20, -1e20])))).toEqual([[-1, 1, 0, 2 ** 31 - 1, -(2 ** 31)]])
    expect(numbersOf(apply('cast', { dtype: 'u32' }, integers([2], [-1, 5])))).toEqual([[2 ** 32 - 1, 5]])
    expect(numbersOf(apply('cast', { dtype: 'bool' }, floats([3], [0, -0, NaN])))).toEqual([[0, 0, 1]])
  })
  test('integer arithmetic wraps', () => {
    expect(numbersOf(apply('mul', {}, integers([1], [0x7fffffff]), integers([1], [0x7fffffff])))).toEqual([[1]])
    expect(numbersOf(apply('sub', {}, valueOf('u32', [1], [0]), valueOf('u32', [1], [1])))).toEqual([[2 ** 32 - 1]])
    expect(numbersOf(apply('div', {}, integers([2], [-7, 7]), integers([1], [2])))).toEqual([[-3, 3]])
  })
})

describe('values that are refused name the primitive', () => {
  const refused = (primitive: string, found: RegExp) => ({ _tag: 'Left', left: { _tag: 'EvaluationError', primitive, message: expect.stringMatching(found) as unknown } })
  const roiAttributes = { outputSize: [1, 1], samplingRatio: 1, scales: [1], aligned: false } as const

  test('gather', () => {
    expect(apply('gather', { axis: 0, batchDims: 0 }, floats([2], [1, 2]), integers([2], [0, 2]))).toMatchObject(refused('gather', /index 2 at flat position 1 is not in \[0, 2\)/))
    expect(apply('gather', { axis: 0, batchDims: 0 }, floats([2], [1, 2]), integers([1], [-1]))).toMatchObject(refused('gather', /index -1/))
  })
  test('scatterAdd', () => {
    expect(apply('scatterAdd', { axis: 0, batchDims: 0, size: 2, uniqueIndices: false }, integers([1], [2]), floats([1], [1]))).toMatchObject(refused('scatterAdd', /index 2/))
  })
  test('scatterAdd, where indices that are promised to differ do not', () => {
    const batches = { axis: 1, batchDims: 1, size: 3, uniqueIndices: true } as const
    expect(numbersOf(apply('scatterAdd', batches, integers([2, 2], [0, 2, 2, 0]), floats([2, 2], [1, 2, 3, 4])))).toEqual([[1, 0, 2, 4, 0, 3]])
    expect(apply('scatterAdd', batches, integers([2, 2], [0, 2, 1, 1]), floats([2, 2], [1, 2, 3, 4]))).toMatchObject(refused('scatterAdd', /promised.* 1, 1/))
  })
  test('roiAlign', () => {
    const feature = floats([1, 1, 2, 2], [1, 2, 3, 4])
    const box = floats([1, 4], [0, 0, 1, 1])
    expect(apply('roiAlign', roiAttributes, feature, box, integers([1], [1]), integers([1], [0]))).toMatchObject(refused('roiAlign', /image 1 of 1/))
    expect(apply('roiAlign', roiAttributes, feature, box, integers([1], [0]), integers([1], [1]))).toMatchObject(refused('roiAlign', /level 1 of 1/))
    expect(apply('roiAlign', { ...roiAttributes, samplingRatio: 0 }, feature, floats([1, 4], [0, 0, Infinity, 1]), integers([1], [0]), integers([1], [0]))).toMatchObject(refused('roiAlign', /finite/))
  })
  test('integer division by zero', () => {
    expect(apply('div', {}, integers([1], [1]), integers([1], [0]))).toMatchObject(refused('div', /zero/))
    expect(apply('rem', {}, integers([1], [1]), integers([1], [0]))).toMatchObject(refused('rem', /zero/))
  })
  test('inputs that do not fit', () => {
    const x = placeholder('image', { shape: [2], dtype: 'f32' })
    expect(evaluate(graphOf([x], [x]), [floats([3], [1, 2, 3])])).toMatchObject(refused('input', /"image": expected f32\[2\], found f32\[3\]/))
    expect(evaluate(graphOf([x], [x]), [])).toMatchObject(refused('input', /1 values, found 0/))
  })
})

describe('programs', () => {
  const x = placeholder('x', { shape: [2], dtype: 'f32' })

  test('of a hundred thousand nodes', () => {
    let sum: Tensor = x
    for (let i = 0; i < 100_000; i++) sum = bind('add', {}, sum, x)
    expect(numbersOf(evaluate(graphOf([x], [sum]), [floats([2], [1, 0.5])]))).toEqual([[100_001, 50_000.5]])
  })
  test('in double and in single precision', () => {
    const graph = graphOf([x], [bind('div', {}, x, bind('constant', { value: scalar(3) }))])
    expect(numbersOf(evaluate(graph, [floats([2], [1, 2])]))).toEqual([[1 / 3, 2 / 3]])
    expect(numbersOf(evaluate(graph, [floats([2], [1, 2])], { precision: 'single' }))).toEqual([[Math.fround(1 / 3), Math.fround(2 / 3)]])
  })
  test('with inputs that nothing uses, and outputs named twice', () => {
    const y = placeholder('y', { shape: [], dtype: 'i32' })
    expect(numbersOf(evaluate(graphOf([y, x], [x, x, bind('neg', {}, x)]), [integers([], [7]), floats([2], [1, 2])]))).toEqual([[1, 2], [1, 2], [-1, -2]])
  })
})

describe('the device', () => {
  const counter = () => {
    const state = placeholder('state', { shape: [1], dtype: 'f32' })
    const amount = placeholder('amount', { shape: [1], dtype: 'f32' })
    return graphOf([state, amount], [bind('add', {}, state, amount), bind('mul', {}, state, amount)])
  }
  const take = async <L, A>(task: () => Promise<E.Either<L, A>>): Promise<A> => {
    const result = await task()
    if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
    return result.right
  }

  test('keeps state between steps and hands out copies', async () => {
    const device = referenceDevice()
    const executable = await take(device.compile(counter()))
    const state = await take(device.hold([floats([1], [10])]))
    const before = await take(state.read)
    expect((await take(executable.advance(state, [floats([1], [2])])))[0]?.data[0]).toBe(20)
    expect((await take(executable.advance(state, [floats([1], [3])])))[0]?.data[0]).toBe(36)
    expect((await take(state.read))[0]?.data[0]).toBe(15)
    expect(before[0]?.data[0]).toBe(10)
  })

  test('a step that fails leaves the state as it was', async () => {
    const device = referenceDevice()
    const executable = await take(device.compile(counter()))
    const state = await take(device.hold([floats([1], [10])]))
    expect(await executable.advance(state, [floats([2], [2, 3])])()).toMatchObject({ left: { _tag: 'WrongInputs' } })
    expect((await take(state.read))[0]?.data[0]).toBe(10)
  })

  test('refuses the state of another device, and a step that would change its shape', async () => {
    const device = referenceDevice()
    const executable = await take(device.compile(counter()))
    const foreign = await take(referenceDevice().hold([floats([1], [10])]))
    expect(await executable.advance(foreign, [floats([1], [1])])()).toMatchObject({ left: { _tag: 'WrongInputs' } })
    const x = placeholder('x', { shape: [1], dtype: 'f32' })
    const growing = await take(device.compile(graphOf([x], [bind('concatenate', { axis: 0 }, x, x)])))
    const state = await take(device.hold([floats([1], [10])]))
    expect(await growing.advance(state, [])()).toMatchObject({ left: { _tag: 'WrongInputs' } })
    expect((await take(state.read))[0]?.shape).toEqual([1])
  })
})
