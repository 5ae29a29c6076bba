import { expect, test } from 'vitest'
import { floats, key, trace } from '@tabula/tensor'
import { compose, conv2d, groupNorm, identity, maxPool, named, pathsOf, relu, repeat, residual, sequence } from '../src/index.js'

const norm = groupNorm(2)
const block = compose(
  residual(
    sequence([['conv1', conv2d(4, 4, { kernel: 3, bias: false })], ['bn1', norm.layer(4)], relu, ['conv2', conv2d(4, 8, { kernel: 3, stride: 2, bias: false })]]),
    named('downsample', conv2d(4, 8, { stride: 2, bias: false }))
  ),
  relu
)

test('a leaf is named by its path', () => {
  const { params } = block.init(key(0))
  expect(pathsOf(params)).toEqual(['conv1.weight', 'bn1.weight', 'bn1.bias', 'conv2.weight', 'downsample.weight'])
})

test('adding a layer changes no other initial value', () => {
  const small = sequence([['a', conv2d(1, 2)]]).init(key(7)).params
  const large = sequence([['b', conv2d(1, 1)], ['a', conv2d(1, 2)]]).init(key(7)).params
  expect(large.a).toEqual(small.a)
})

test('a network runs', () => {
  const net = sequence([['stem', conv2d(3, 4, { kernel: 7, stride: 2 })], maxPool({ kernel: 3, stride: 2, padding: 1 }), ['block', block], ['more', repeat(2, () => conv2d(8, 8))], identity])
  const x = floats([1, 3, 16, 16], Float32Array.from({ length: 768 }, (_, i) => Math.sin(i)))
  const { graph, result } = trace(({ params, state, x }) => net.train(params, state, x), { ...net.init(key(1)), x })
  expect(result[0].shape).toEqual([1, 8, 2, 2])
  expect(graph.outputs.length).toBe(1)
})

test('a stage whose first block differs, as torchvision names it', () => {
  const stage = compose(named('0', block), repeat(2, () => residual(conv2d(8, 8, { bias: false })), { from: 1 }))
  const { params } = stage.init(key(0))
  expect(pathsOf(params).slice(-3)).toEqual(['0.downsample.weight', '1.weight', '2.weight'])
  expect(params['0'].downsample.weight.shape).toEqual([8, 4, 1, 1])
})
