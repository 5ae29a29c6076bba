import type { Abstract } from '../node.js'
import type { Attributes, ConvolutionAttributes } from '../primitive.js'
import { broadcastShapes, sameShape, showShape, windowedSize } from '../shape.js'
import type { Sizes } from '../shape.js'
import { operand, require, requireDtype, requireRank } from './checks.js'

type Inputs = readonly Abstract[]
type Outputs = readonly Abstract[]

export const matmul = (_attributes: unknown, inputs: Inputs): Outputs => {
  const a = operand('matmul', inputs, 0)
  const b = operand('matmul', inputs, 1)
  requireDtype('matmul', 'first operand', a, 'f32')
  requireDtype('matmul', 'second operand', b, 'f32')
  const fits = a.shape.length >= 2 && b.shape.length >= 2 && a.shape.at(-1) === b.shape.at(-2)
  require(fits, 'matmul', 'second operand', `[…, ${a.shape.at(-1) ?? '?'}, N] for a first operand of ${showShape(a.shape)}`, showShape(b.shape))
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return [{ shape: [...batch, a.shape.at(-2) ?? 0, b.shape.at(-1) ?? 0], dtype: 'f32' }]
}

const at = (shape: Sizes, axis: number): number => shape[axis] ?? 0

/** Output height and width of a window over a map. Throws `ShapeError` where nothing fits. */
export const windowedMap = (operation: string, size: readonly [number, number], kernel: readonly [number, number], { stride, padding, dilation }: Pick<ConvolutionAttributes, 'stride' | 'padding' | 'dilation'>): readonly [number, number] => {
  const height = windowedSize(size[0], kernel[0], stride[0], padding[0], dilation[0])
  const width = windowedSize(size[1], kernel[1], stride[1], padding[1], dilation[1])
  require([...stride, ...dilation, ...kernel].every((n) => Number.isInteger(n) && n >= 1), operation, 'stride, dilation and kernel', 'positive integers', showShape([...stride, ...dilation, ...kernel]))
  require(padding.flat().every((n) => Number.isInteger(n) && n >= 0), operation, 'padding', 'non-negative integers', showShape(padding.flat()))
  require(height >= 1 && width >= 1, operation, 'input', `a map that the ${showShape(kernel)} kernel fits into with padding ${showShape(padding.flat())}`, showShape(size))
  return [height, width]
}

const channels = (operation: string, x: Sizes, w: Sizes, groups: number): void => {
  require(at(x, 1) === at(w, 1) * groups, operation, 'weights', `[O, ${at(x, 1) / groups}, KH, KW] for an input of ${showShape(x)}${groups === 1 ? '' : ` in ${groups} groups`}`, showShape(w))
  require(at(w, 0) % groups === 0, operation, 'weights', `output channels divisible by ${groups} groups`, showShape(w))
}

export const conv2d = (attributes: Attributes['conv2d'], inputs: Inputs): Outputs => {
  const x = operand('conv2d', inputs, 0)
  const w = operand('conv2d', inputs, 1)
  requireDtype('conv2d', 'input', x, 'f32')
  requireDtype('conv2d', 'weights', w, 'f32')
  requireRank('conv2d', 'input', x, 4, '[N, C, H, W]')
  requireRank('conv2d', 'weights', w, 4, '[O, I, KH, KW]')
  channels('conv2d', x.shape, w.shape, attributes.groups)
  const map = windowedMap('conv2d', [at(x.shape, 2), at(x.shape, 3)], [at(w.shape, 2), at(w.shape, 3)], attributes)
  return [{ shape: [at(x.shape, 0), at(w.shape, 0), ...map], dtype: 'f32' }]
}

export const conv2dInputGradient = (attributes: Attributes['conv2dInputGradient'], inputs: Inputs): Outputs => {
  const name = 'conv2dInputGradient'
  const dy = operand(name, inputs, 0)
  const w = operand(name, inputs, 1)
  requireDtype(name, 'cotangent', dy, 'f32')
  requireDtype(name, 'weights', w, 'f32')
  requireRank(name, 'cotangent', dy, 4, '[N, O, OH, OW]')
  requireRank(name, 'weights', w, 4, '[O, I, KH, KW]')
  const shape = [at(dy.shape, 0), at(w.shape, 1) * attributes.groups, ...attributes.inputSize]
  const [forward] = conv2d(attributes, [{ shape, dtype: 'f32' }, w])
  require(forward !== undefined && sameShape(forward.shape, dy.shape), name, 'cotangent', showShape(forward?.shape ?? []), showShape(dy.shape))
  return [{ shape, dtype: 'f32' }]
}

export const conv2dWeightGradient = (attributes: Attributes['conv2dWeightGradient'], inputs: Inputs): Outputs => {
  const name = 'conv2dWeightGradient'
  const x = operand(name, inputs, 0)
  const dy = operand(name, inputs, 1)
  requireDtype(name, 'input', x, 'f32')
  requireDtype(name, 'cotangent', dy, 'f32')
  requireRank(name, 'input', x, 4, '[N, C, H, W]')
  requireRank(name, 'cotangent', dy, 4, '[N, O, OH, OW]')
  require(at(x.shape, 1) % attributes.groups === 0, name, 'input', `channels divisible by ${attributes.groups} groups`, showShape(x.shape))
  const shape = [at(dy.shape, 1), at(x.shape, 1) / attributes.groups, ...attributes.kernel]
  const [forward] = conv2d(attributes, [x, { shape, dtype: 'f32' }])
  require(forward !== undefined && sameShape(forward.shape, dy.shape), name, 'cotangent', showShape(forward?.shape ?? []), showShape(dy.shape))
  return [{ shape, dtype: 'f32' }]
}

export const maxPool2d = (attributes: Attributes['maxPool2d'], inputs: Inputs): Outputs => {
  const x = operand('maxPool2d', inputs, 0)
  requireDtype('maxPool2d', 'input', x, 'f32')
  requireRank('maxPool2d', 'input', x, 4, '[N, C, H, W]')
  const map = windowedMap('maxPool2d', [at(x.shape, 2), at(x.shape, 3)], attributes.kernel, attributes)
  const shape = [at(x.shape, 0), at(x.shape, 1), ...map]
  return [
    { shape, dtype: 'f32' },
    { shape, dtype: 'i32' }
  ]
}

export const maxPool2dGradient = (attributes: Attributes['maxPool2dGradient'], inputs: Inputs): Outputs => {
  const x = operand('maxPool2dGradient', inputs, 0)
  const dy = operand('maxPool2dGradient', inputs, 1)
  const [forward] = maxPool2d(attributes, [x])
  requireDtype('maxPool2dGradient', 'cotangent', dy, 'f32')
  require(forward !== undefined && sameShape(forward.shape, dy.shape), 'maxPool2dGradient', 'cotangent', showShape(forward?.shape ?? []), showShape(dy.shape))
  return [{ shape: x.shape, dtype: 'f32' }]
}

export const upsampleNearest = ({ factor }: Attributes['upsampleNearest'], inputs: Inputs): Outputs => {
  const x = operand('upsampleNearest', inputs, 0)
  requireDtype('upsampleNearest', 'input', x, 'f32')
  requireRank('upsampleNearest', 'input', x, 4, '[N, C, H, W]')
  require(factor.every((f) => Number.isInteger(f) && f >= 1), 'upsampleNearest', 'factor', 'positive integers', showShape(factor))
  return [{ shape: [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2) * factor[0], at(x.shape, 3) * factor[1]], dtype: 'f32' }]
}

export const windowSum = ({ factor }: Attributes['windowSum'], inputs: Inputs): Outputs => {
  const x = operand('windowSum', inputs, 0)
  requireDtype('windowSum', 'input', x, 'f32')
  requireRank('windowSum', 'input', x, 4, '[N, C, H, W]')
  require(at(x.shape, 2) % factor[0] === 0 && at(x.shape, 3) % factor[1] === 0, 'windowSum', 'input', `height and width divisible by ${showShape(factor)}`, showShape(x.shape))
  return [{ shape: [at(x.shape, 0), at(x.shape, 1), at(x.shape, 2) / factor[0], at(x.shape, 3) / factor[1]], dtype: 'f32' }]
}
