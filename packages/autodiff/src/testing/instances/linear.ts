import { windowedSize } from '@tabula/tensor'
import type { ConvolutionAttributes, PoolAttributes, Sizes } from '@tabula/tensor'
import fc from 'fast-check'
import type { RandomNumbers } from '../random.js'
import { distinct, fill, instanceOf, instances, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'

const small = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max })

/** Batch axes of either operand missing, 1 or shared. */
export const matmul: fc.Arbitrary<Instance> = instances(
  fc.tuple(
    small(3),
    small(3),
    small(3),
    fc.constantFrom<readonly [Sizes, Sizes]>([[], []], [[2], []], [[], [3]], [[2], [2]], [[1], [3]], [[2, 1], [3]], [[2, 3], []])
  ),
  ([m, k, n, [batchA, batchB]], random) =>
    instanceOf('matmul', {}, [
      variable(fill([...batchA, m, k], smooth(random))),
      variable(fill([...batchB, k, n], smooth(random)))
    ])
)

interface Convolution {
  readonly attributes: ConvolutionAttributes
  readonly x: Sizes
  readonly w: Sizes
  readonly y: Sizes
}

const two = <T>(next: () => T): readonly [T, T] => [next(), next()]

const convolution = (random: RandomNumbers): Convolution => {
  const { below } = random
  const groups = 1 + below(2)
  const attributes = {
    stride: two(() => 1 + below(2)),
    padding: two(() => two(() => below(3))),
    dilation: two(() => 1 + below(2)),
    groups
  }
  const kernel = two(() => 1 + below(3))
  const side = (axis: 0 | 1): number => (kernel[axis] - 1) * attributes.dilation[axis] + 1 + below(3)
  const x = [1 + below(2), groups * (1 + below(2)), side(0), side(1)]
  const w = [groups * (1 + below(2)), (x[1] ?? 0) / groups, ...kernel]
  const out = (axis: 0 | 1): number =>
    windowedSize(x[2 + axis] ?? 0, kernel[axis], attributes.stride[axis], attributes.padding[axis], attributes.dilation[axis])
  return { attributes, x, w, y: [x[0] ?? 0, w[0] ?? 0, out(0), out(1)] }
}

const nothing = fc.constant(undefined)
const size2 = (shape: Sizes): readonly [number, number] => [shape[2] ?? 0, shape[3] ?? 0]

export const conv2d: fc.Arbitrary<Instance> = instances(nothing, (_, random) => {
  const { attributes, x, w } = convolution(random)
  return instanceOf('conv2d', attributes, [variable(fill(x, smooth(random))), variable(fill(w, smooth(random)))])
})

export const conv2dInputGradient: fc.Arbitrary<Instance> = instances(nothing, (_, random) => {
  const { attributes, x, w, y } = convolution(random)
  return instanceOf('conv2dInputGradient', { ...attributes, inputSize: size2(x) }, [
    variable(fill(y, smooth(random))),
    variable(fill(w, smooth(random)))
  ])
})

export const conv2dWeightGradient: fc.Arbitrary<Instance> = instances(nothing, (_, random) => {
  const { attributes, x, w, y } = convolution(random)
  return instanceOf('conv2dWeightGradient', { ...attributes, kernel: size2(w) }, [
    variable(fill(x, smooth(random))),
    variable(fill(y, smooth(random)))
  ])
})

interface Pooling {
  readonly attributes: PoolAttributes
  readonly x: Sizes
  readonly y: Sizes
}

/** With `beyond`, windows that lie in the padding alone occur. */
const pooling = ({ below }: RandomNumbers, beyond: boolean): Pooling => {
  const kernel = two(() => 1 + below(3))
  const most = (axis: 0 | 1): number => (beyond ? kernel[axis] + 2 : Math.floor(kernel[axis] / 2) + 1)
  const before = (axis: 0 | 1): readonly [number, number] => two(() => below(most(axis)))
  const attributes = {
    kernel,
    stride: two(() => 1 + below(2)),
    padding: [before(0), before(1)] as const,
    dilation: two(() => 1 + below(2))
  }
  const side = (axis: 0 | 1): number => (kernel[axis] - 1) * attributes.dilation[axis] + 1 + below(3)
  const x = [1 + below(2), 1 + below(2), side(0), side(1)]
  const out = (axis: 0 | 1): number =>
    windowedSize(x[2 + axis] ?? 0, kernel[axis], attributes.stride[axis], attributes.padding[axis], attributes.dilation[axis])
  return { attributes, x, y: [x[0] ?? 0, x[1] ?? 0, out(0), out(1)] }
}

/** Without ties; windows are dilated, and overlap where the stride is smaller than the kernel. */
export const maxPool2d: fc.Arbitrary<Instance> = instances(nothing, (_, random) => {
  const { attributes, x } = pooling(random, false)
  return instanceOf('maxPool2d', attributes, distinct(random, x).map(variable))
})

/** Windows beside the one element of the map, and none upon it. */
const besideAll: Pooling = {
  attributes: { kernel: [1, 1], stride: [2, 2], padding: [[1, 1], [1, 1]], dilation: [1, 1] },
  x: [1, 1, 1, 1],
  y: [1, 1, 2, 2]
}

export const maxPool2dGradient: fc.Arbitrary<Instance> = instances(nothing, (_, random) => {
  const { attributes, x, y } = random.below(12) === 0 ? besideAll : pooling(random, random.below(2) === 0)
  return instanceOf('maxPool2dGradient', attributes, [...distinct(random, x).map(variable), variable(fill(y, smooth(random)))])
})

const maps = fc.tuple(small(2), small(2), small(3), small(3), fc.tuple(small(3), small(3)))

export const upsampleNearest: fc.Arbitrary<Instance> = instances(maps, ([n, c, h, w, factor], random) =>
  instanceOf('upsampleNearest', { factor }, [variable(fill([n, c, h, w], smooth(random)))])
)

export const windowSum: fc.Arbitrary<Instance> = instances(maps, ([n, c, h, w, factor], random) =>
  instanceOf('windowSum', { factor }, [variable(fill([n, c, h * factor[0], w * factor[1]], smooth(random)))])
)
