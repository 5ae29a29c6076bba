import { describe, expect, it } from 'vitest'
import { bind } from '../../src/bind.js'
import { isBrief } from '../../src/device/cpu/brief.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import type { Attributes } from '../../src/primitive.js'

const maps = (shape: readonly number[]): Tensor => placeholder('x', { shape, dtype: 'f32' })
const same: Attributes['conv2d'] = { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1 }
const takes = (inputs: readonly Tensor[], output: Tensor): boolean => isBrief(graphOf(inputs, [output]))

describe('brief programs', () => {
  it.each([
    [64, 56, true],
    [256, 56, false],
    [256, 7, true]
  ] as const)('a 1×1 convolution of %i channels on maps of side %i', (channels, side, expected) => {
    const [x, w, y] = [maps([1, channels, side, side]), maps([channels, channels, 1, 1]), maps([1, channels, side, side])]
    expect(takes([x, w], bind('conv2d', same, x, w))).toBe(expected)
    expect(takes([y, w], bind('conv2dInputGradient', { ...same, inputSize: [side, side] }, y, w))).toBe(expected)
    expect(takes([x, y], bind('conv2dWeightGradient', { ...same, kernel: [1, 1] }, x, y))).toBe(expected)
  })
  it('products, elementwise operations, and what shapes do not tell', () => {
    const [small, large] = [maps([300, 300]), maps([4000, 4000])]
    expect(takes([small], bind('matmul', {}, small, small))).toBe(true)
    expect(takes([large], bind('add', {}, large, large))).toBe(false)
    const [boxes, scores] = [maps([1, 2, 4]), maps([1, 2])]
    expect(takes([boxes, scores], bind('nms', { iouThreshold: 0.5, inclusive: false, offset: 0 }, boxes, scores))).toBe(false)
  })
})
