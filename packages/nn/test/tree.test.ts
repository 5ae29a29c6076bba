import { describe, expect, test } from 'vitest'
import { floats, isHostValue, mul } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { combine, countParameters, foldTree, fromStateDict, mapTree, partition, pathsOf, toStateDict, valuesOf, zipTrees } from '../src/index.js'
import { generated, numbers, run, tensor } from './support/run.js'

const values = { conv: { weight: floats([2], [1, 2]), bias: floats([1], [3]) }, blocks: [{ weight: floats([1], [4]) }] }
const tensors = { a: { w: tensor([2], [1, 2]) }, b: tensor([1], [3]) }

describe('trees', () => {
  test('map, zip and fold keep the structure', () => {
    expect(run(mapTree(tensors, (x, path) => mul(x, path === 'b' ? 10 : 2))).map(({ data }) => Array.from(data))).toEqual([[2, 4], [30]])
    expect(run(zipTrees(tensors, [tensors], ([x, y = x]) => mul(x, y))).map(({ data }) => Array.from(data))).toEqual([[1, 4], [9]])
    expect(foldTree(tensors, '', (text, leaf, path) => `${text}${path}[${leaf.shape.join()}]`)).toBe('a.w[2]b[1]')
    expect(() => zipTrees<unknown>(tensors, [{ a: tensors.a }], ([x]) => x)).toThrow('zipTrees: root: expected 2 leaves, found 1 leaves')
    expect(() => zipTrees<unknown>(tensors, [{ a: tensors.a, c: tensors.b }], ([x]) => x)).toThrow('zipTrees: b: expected a leaf at the same path')
  })

  test('paths and counts', () => {
    expect(pathsOf(values)).toEqual(['conv.weight', 'conv.bias', 'blocks.0.weight'])
    expect(countParameters(values)).toBe(4)
    expect(valuesOf(values).length).toBe(3)
  })

  test('partition and combine are inverse', () => {
    const parts = partition(values, (path) => path.startsWith('conv'))
    expect(pathsOf(parts.selected)).toEqual(['conv.weight', 'conv.bias'])
    expect(pathsOf(parts.rest)).toEqual(['blocks.0.weight'])
    expect(combine(parts)).toEqual(values)
    expect(numbers(combine(partition(tensors, () => false)).b)).toEqual(numbers(generated([1], () => 3)))
  })
})

describe('state dicts', () => {
  test('a tree is recovered from its names', () => {
    const dict = toStateDict(values)
    expect(Object.keys(dict)).toEqual(pathsOf(values))
    expect(E.isRight(fromStateDict()(values, { ...dict, 'bn.num_batches_tracked': floats([], [1]) }))).toBe(true)
  })

  test('other names', () => {
    const naming = (path: string) => `backbone.${path}`
    const dict = toStateDict(values, naming)
    const filled = fromStateDict({ naming })(values, { ...dict, 'backbone.conv.bias': floats([1], [7]) })
    expect(E.isRight(filled) && isHostValue(filled.right.conv.bias) && filled.right.conv.bias.data[0]).toBe(7)
  })

  test('everything that does not fit is listed at once', () => {
    const found = fromStateDict()(values, { 'conv.weight': floats([3], [1, 2, 3]), 'conv.bias': floats([1], [0]), other: floats([1], [0]) })
    expect(found).toMatchObject({
      _tag: 'Left',
      left: { missing: ['blocks.0.weight'], unexpected: ['other'], mismatched: [{ name: 'conv.weight', expected: 'f32[2]', found: 'f32[3]' }] }
    })
  })
})
