import { expect, test } from 'vitest'
import { grad, hvp, jvp, linearize, valueAndGrad, vmap } from '@tabula/autodiff'
import { groupNorm } from '@tabula/nn'
import { bind, constant, graphOf, hostValue, isHostValue, isTensor, key, leavesOf, mapLeaves, sizeOf, tensorsOf } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { boxLosses, boxPredictor, convsOneFc, firstRows, initAll, maskConvs, maskLoss, maskPredictor, maskTargets, poolRegions, positiveRois, scopeOf, totalLoss } from '../src/index.js'
import type { Scalar, Trees } from '../src/index.js'
import { doubles, numbersOf } from './support/evaluate.js'

type Real = Tensor<Shape, 'f32'>
type Integers = Tensor<Shape, 'i32'>

const [images, rois, objects, channels, classes] = [3, 4, 2, 4, 3]
const norm = groupNorm(2)
const boxLayers = convsOneFc({ convs: 1, size: 2, width: 4, norm })
const maskLayers = maskConvs({ convs: 1, channels: 4, size: 4, norm })
const parts = {
  box_head: boxLayers.layer(channels),
  box_predictor: boxPredictor(boxLayers.width, classes).module,
  mask_head: maskLayers.layer(channels),
  mask_predictor: maskPredictor(4, 4, classes)
}

const initial = initAll(parts)(key(7), '')

/** What one image gives to the heads: two levels of features, its regions and what they are to become. */
interface Example {
  readonly features: readonly [Real, Real]
  readonly boxes: Real
  readonly labels: Integers
  readonly targets: Real
  readonly object: Integers
  readonly masks: Tensor<Shape, 'bool'>
}

const integers = (shape: readonly number[], data: readonly number[]): Integers => constant(hostValue('i32', shape, Int32Array.from(data)))
const zeros = (count: number): Integers => integers([count], new Array<number>(count).fill(0))

/** The heads' loss on one image: pooling, box and mask branch with GroupNorm, all four losses of Mask R-CNN's second stage but its boxes'. */
const headLoss = (params: Trees, { features, boxes, labels, targets, object, masks }: Example): Scalar => {
  const pool = (from: Real, size: number): Real =>
    poolRegions(features, from, zeros(from.shape[0] ?? 0), { size, samplingRatio: 2, scales: [1 / 4, 1 / 8], canonicalScale: 16, canonicalLevel: 3, finestLevel: 2, levels: 2 })
  const positive: Real = bind('cast', { dtype: 'f32' }, bind('less', {}, integers([], [0]), labels)) as Real
  const valid = doubles([rois], new Array<number>(rois).fill(1))
  const regions = { boxes, image: zeros(rois), valid, positive, labels, object, targets, count: doubles([], [rois]) }
  const scope = scopeOf('train', params, initial.state)
  const pooled = scope.layer('box_head', parts.box_head, pool(boxes, 2))
  const { classifier, box } = boxLosses(scope.module('box_predictor', parts.box_predictor, pooled), regions, classes, 1)
  const first = firstRows(positiveRois(regions, rois, objects), 3)
  const maps = scope.layer('mask_head', parts.mask_head, pool(first.boxes, 4))
  const logits = scope.module('mask_predictor', parts.mask_predictor, { regions: maps, labels: first.labels })
  return totalLoss({ classifier, box, mask: maskLoss(logits, maskTargets(first, masks, 8), first.positive) })
}

const wave = (shape: readonly number[], phase: number): Real => doubles(shape, Array.from({ length: sizeOf(shape) }, (_, k) => Math.sin(phase + 1.3 * k)))
const boxOf = (k: number): readonly number[] => [1.3 * k, 2.1 * (k % 5), 1.3 * k + 6 + 3 * (k % 4), 2.1 * (k % 5) + 9]

const batch: Example = {
  features: [wave([images, 1, channels, 8, 8], 0), wave([images, 1, channels, 4, 4], 2)],
  boxes: doubles([images, rois, 4], Array.from({ length: images * rois }, (_, k) => boxOf(k)).flat()),
  labels: integers([images, rois], [1, 0, 2, 1, 0, 2, 0, 0, 2, 1, 1, 0]),
  targets: wave([images, rois, 4], 1),
  object: integers([images, rois], [0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0]),
  masks: constant(hostValue('bool', [images, objects, 32, 32], Uint8Array.from({ length: images * objects * 1024 }, (_, k) => Number((k * 7) % 11 < 5))))
}

/** One image of the batch. */
const imageOf = (index: number): Example =>
  mapLeaves(batch, isTensor, (x) => {
    const [, ...shape] = x.shape
    const start = x.shape.map((_, axis) => (axis === 0 ? index : 0))
    const limit = x.shape.map((size, axis) => (axis === 0 ? index + 1 : size))
    return bind('reshape', { shape }, bind('slice', { start, limit, stride: x.shape.map(() => 1) }, x))
  }) as Example

const params = mapLeaves(initial.params, isHostValue, (value) => constant(value)) as Trees

test('per-example gradients of Mask R-CNN’s heads: vmap(grad) is the gradient of each image, and their sum that of the batch', () => {
  const { value, gradient } = vmap(valueAndGrad((p: Trees, image: Example) => headLoss(p, image)), { inAxes: [null, 0] })(params, batch)
  const each = Array.from({ length: images }, (_, index) => valueAndGrad((p: Trees) => headLoss(p, imageOf(index)))(params))
  expect(value.shape).toEqual([images])
  numbersOf(value).forEach((loss, index) => expect(loss).toBeCloseTo(numbersOf(each[index]?.value ?? value)[0] ?? NaN, 12))
  const whole = grad((p: Trees) => bind('reduceSum', { axes: [0], keepDimensions: false }, vmap((image: Example) => headLoss(p, image))(batch)) as Scalar)(params)
  const leaves = leavesOf(gradient, isTensor)
  expect(leaves.length).toBe(16)
  leaves.forEach(({ path, leaf }, position) => {
    const found = numbersOf(leaf)
    const expected = each.flatMap((one) => numbersOf(tensorsOf(one.gradient)[position] ?? leaf))
    expect([path, found.length]).toEqual([path, expected.length])
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-6)
    found.forEach((x, k) => expect(x).toBeCloseTo(expected[k] ?? NaN, 10))
    const sums = numbersOf(tensorsOf(whole)[position] ?? leaf)
    sums.forEach((x, k) => expect(x).toBeCloseTo(Array.from({ length: images }, (_, index) => found[index * sums.length + k] ?? NaN).reduce((a, b) => a + b), 10))
  })
})

test('one program for all images: no operation occurs oftener than for one', () => {
  const count = (tree: unknown): Record<string, number> => {
    const counts: Record<string, number> = {}
    for (const { primitive } of graphOf([], tensorsOf(tree)).nodes) counts[primitive] = (counts[primitive] ?? 0) + 1
    return counts
  }
  const one = count(grad((p: Trees) => headLoss(p, imageOf(0)))(params))
  const all = count(vmap(grad((p: Trees, image: Example) => headLoss(p, image)), { inAxes: [null, 0] })(params, batch))
  for (const primitive of ['conv2d', 'conv2dWeightGradient', 'matmul', 'roiAlign', 'topK', 'gather', 'call']) expect([primitive, all[primitive]]).toEqual([primitive, one[primitive]])
})

test('the heads’ loss in forward mode: the gradient along a direction, and a symmetric Hessian', () => {
  const image = imageOf(0)
  const directionOf = (phase: number): Trees => {
    let next = phase
    return mapLeaves(params, isTensor, ({ shape }) => wave(shape, next++)) as Trees
  }
  const inner = (a: Trees, b: Trees): number => {
    const factors = tensorsOf(b).flatMap(numbersOf)
    return tensorsOf(a)
      .flatMap(numbersOf)
      .reduce((sum, x, k) => sum + x * (factors[k] ?? NaN), 0)
  }
  const [u, v] = [directionOf(1), directionOf(2)]
  const gradient = grad(headLoss)(params, image)
  const { value, tangent } = jvp(headLoss, params, v, image)
  expect(numbersOf(value)).toEqual(numbersOf(headLoss(params, image)))
  expect(numbersOf(tangent)[0]).toBeCloseTo(inner(gradient, v), 10)
  expect(numbersOf(linearize(headLoss)(params, image).pushforward(u))[0]).toBeCloseTo(inner(gradient, u), 10)
  const [hu, hv] = [hvp(headLoss, params, u, image), hvp(headLoss, params, v, image)]
  const [left, right] = [inner(v, hu), inner(u, hv)]
  expect(Math.abs(left)).toBeGreaterThan(1e-3)
  expect(left / right).toBeCloseTo(1, 10)
})

test('an ensemble: vmap over the parameters, the image shared', () => {
  const members = [1, 0.5].map((factor) => mapLeaves(params, isTensor, (leaf) => bind('mul', {}, leaf, doubles([], [factor]))) as Trees)
  const stacked = mapLeaves(params, isTensor, (leaf) => {
    const row = (factor: number): Tensor => bind('reshape', { shape: [1, ...leaf.shape] }, bind('mul', {}, leaf, doubles([], [factor])))
    return bind('concatenate', { axis: 0 }, row(1), row(0.5))
  }) as Trees
  const { value, gradient } = vmap(valueAndGrad((p: Trees, image: Example) => headLoss(p, image)), { inAxes: [0, null] })(stacked, imageOf(1))
  const each = members.map((member) => valueAndGrad((p: Trees) => headLoss(p, imageOf(1)))(member))
  numbersOf(value).forEach((loss, index) => expect(loss).toBeCloseTo(numbersOf(each[index]?.value ?? value)[0] ?? NaN, 12))
  leavesOf(gradient, isTensor).forEach(({ leaf }, position) => {
    const expected = each.flatMap((one) => numbersOf(tensorsOf(one.gradient)[position] ?? leaf))
    numbersOf(leaf).forEach((x, k) => expect(x).toBeCloseTo(expected[k] ?? NaN, 10))
  })
})
