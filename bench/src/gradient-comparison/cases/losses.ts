import { constant, hostValue } from '@tabula/tensor'
import { binaryCrossEntropyWithLogits, crossEntropy, l1Loss, mseLoss, sigmoidFocalLoss, smoothL1Loss } from '@tabula/nn'
import { decodeBoxes, giouLoss } from '@tabula/detection'
import type { numpy } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs-core'
import type { Numbers } from '../case.js'
import { numbers, spread } from '../numbers.js'
import type { Cases } from './cases.js'

type Array = numpy.Array

const x = spread([2, 3])
const target = numbers([2, 3], [0.4, -1.1, 1.6, 0.2, -0.3, 0.9])
const labels = numbers([2, 3], [1, 0, 0, 0, 1, 1])
const confident = numbers([2, 3], [100, -100, 30, -30, 60, -60])
const boxes = numbers([2, 4], [1, 1, 5, 4, 2, 3, 6, 9])
const others = numbers([2, 4], [2, 0.5, 6, 5, 2.5, 2, 7, 8])
const apart = numbers([2, 4], [11, 12, 15, 14, -8, -3, -6, -1])
const reduction = { reduction: 'none' } as const

const fixed = ({ shape, data }: Numbers) => constant<'f32'>(hostValue('f32', shape, Float64Array.from(data)))
const tfFixed = ({ shape, data }: Numbers): tf.Tensor => tf.tensor([...data], [...shape], 'float32')

/** The focal loss of logits, γ = 2, α = 1/4 (Lin et al. 2017). */
const tfFocal = (x: tf.Tensor): tf.Tensor => {
  const t = tfFixed(labels)
  const p = tf.sigmoid(x)
  const entropy = tf.add(tf.sub(tf.relu(x), tf.mul(x, t)), tf.log1p(tf.exp(tf.neg(tf.abs(x)))))
  const missing = tf.add(tf.mul(t, tf.sub(1, p)), tf.mul(tf.sub(1, t), p))
  return tf.mul(tf.mul(entropy, tf.square(missing)), tf.add(tf.mul(t, -0.5), 0.75))
}

const tfGiou = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
  const column = (x: tf.Tensor, k: number): tf.Tensor => tf.slice(x, [0, k], [-1, 1])
  const sides = (low: number, high: number, near: typeof tf.minimum, far: typeof tf.minimum): tf.Tensor => tf.sub(near(column(a, high), column(b, high)), far(column(a, low), column(b, low)))
  const area = (x: tf.Tensor): tf.Tensor => tf.mul(tf.sub(column(x, 2), column(x, 0)), tf.sub(column(x, 3), column(x, 1)))
  const shared = tf.mul(tf.relu(sides(0, 2, tf.minimum, tf.maximum)), tf.relu(sides(1, 3, tf.minimum, tf.maximum)))
  const together = tf.sub(tf.add(area(a), area(b)), shared)
  const enclosing = tf.mul(sides(0, 2, tf.maximum, tf.minimum), sides(1, 3, tf.maximum, tf.minimum))
  return tf.reshape(tf.sub(1, tf.sub(tf.div(shared, together), tf.div(tf.sub(enclosing, together), enclosing))), [-1])
}

const tfDecode = (deltas: tf.Tensor): tf.Tensor => {
  const [dx, dy, dw, dh] = tf.split(deltas, 4, 1)
  const [x1, y1, x2, y2] = tf.split(tfFixed(boxes), 4, 1)
  if (dx === undefined || dy === undefined || dw === undefined || dh === undefined || x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) throw new RangeError('four columns')
  const [w, h] = [tf.sub(x2, x1), tf.sub(y2, y1)]
  const [cx, cy] = [tf.add(tf.add(x1, tf.mul(w, 0.5)), tf.mul(dx, w)), tf.add(tf.add(y1, tf.mul(h, 0.5)), tf.mul(dy, h))]
  const [rw, rh] = [tf.mul(tf.mul(tf.exp(tf.minimum(dw, Math.log(62.5))), w), 0.5), tf.mul(tf.mul(tf.exp(tf.minimum(dh, Math.log(62.5))), h), 0.5)]
  return tf.concat([tf.sub(cx, rw), tf.sub(cy, rh), tf.add(cx, rw), tf.add(cy, rh)], 1)
}

/** The losses of a detector's heads, element by element or reduced, and the decoding of boxes. */
export const losses: Cases = ({ nn, numpy: np, DType }) => {
  const array = ({ shape, data }: Numbers): Array => np.array([...data], { dtype: DType.Float32 }).reshape([...shape])
  const smoothL1 = (x: Array, target: Array, beta: number): Array => {
    const d = np.abs(x.sub(target))
    return np.where(np.less(d.ref, beta), np.square(d.ref).mul(0.5 / beta), d.sub(0.5 * beta))
  }
  const sigmoidEntropy = (x: Array): Array => nn.relu(x.ref).sub(x.ref.mul(array(labels))).add(np.log1p(np.exp(np.negative(np.abs(x)))))
  const focal = (x: Array): Array => {
    const t = array(labels)
    const p = nn.sigmoid(x.ref)
    const missing = t.ref.mul(np.subtract(1, p.ref)).add(np.subtract(1, t.ref).mul(p))
    return sigmoidEntropy(x).mul(np.square(missing)).mul(t.mul(-0.5).add(0.75))
  }
  const giou = (a: Array, b: Array): Array => {
    const column = (x: Array, k: number): Array => x.ref.slice([], k)
    const inner = (low: number, high: number): Array => np.minimum(column(a, high), column(b, high)).sub(np.maximum(column(a, low), column(b, low)))
    const outer = (low: number, high: number): Array => np.maximum(column(a, high), column(b, high)).sub(np.minimum(column(a, low), column(b, low)))
    const area = (x: Array): Array => column(x, 2).sub(column(x, 0)).mul(column(x, 3).sub(column(x, 1)))
    const shared = nn.relu(inner(0, 2)).mul(nn.relu(inner(1, 3)))
    const together = area(a).add(area(b)).sub(shared.ref)
    const enclosing = outer(0, 2).mul(outer(1, 3))
    return np.subtract(1, shared.div(together.ref).sub(enclosing.ref.sub(together).div(enclosing)))
  }
  const decode = (deltas: Array): Array => {
    const column = (x: Array, k: number): Array => x.ref.slice([], [k, k + 1])
    const reference = array(boxes)
    const w = column(reference, 2).sub(column(reference, 0))
    const h = column(reference, 3).sub(column(reference, 1))
    const cx = column(reference, 0).add(w.ref.mul(0.5)).add(column(deltas, 0).mul(w.ref))
    const cy = column(reference, 1).add(h.ref.mul(0.5)).add(column(deltas, 1).mul(h.ref))
    const rw = np.exp(np.minimum(column(deltas, 2), Math.log(62.5))).mul(w).mul(0.5)
    const rh = np.exp(np.minimum(column(deltas, 3), Math.log(62.5))).mul(h).mul(0.5)
    return np.concatenate([cx.ref.sub(rw.ref), cy.ref.sub(rh.ref), cx.add(rw), cy.add(rh)], 1)
  }
  return [
    { name: 'L1 loss', at: [x, target], tabula: (x, y) => l1Loss()(x, y), tfjs: (x, y) => tf.losses.absoluteDifference(y, x), jax: (x, y) => np.mean(np.abs(x.sub(y))) },
    { name: 'squared loss', at: [x, target], tabula: (x, y) => mseLoss()(x, y), tfjs: (x, y) => tf.losses.meanSquaredError(y, x), jax: (x, y) => np.mean(np.square(x.sub(y))) },
    {
      name: 'smooth L1 loss, β = 1',
      at: [x, target],
      tabula: (x, y) => smoothL1Loss()(x, y),
      tfjs: (x, y) => tf.losses.huberLoss(y, x),
      jax: (x, y) => np.mean(smoothL1(x, y, 1))
    },
    {
      name: 'smooth L1 loss, β = 1/9',
      at: [x, target],
      tabula: (x, y) => smoothL1Loss({ beta: 1 / 9, ...reduction })(x, y),
      tfjs: (x, y) => {
        const d = tf.abs(tf.sub(x, y))
        return tf.where(tf.less(d, 1 / 9), tf.mul(tf.square(d), 4.5), tf.sub(d, 1 / 18))
      },
      jax: (x, y) => smoothL1(x, y, 1 / 9)
    },
    {
      name: 'sigmoid cross-entropy',
      at: [x],
      tabula: (x) => binaryCrossEntropyWithLogits()(x, fixed(labels)),
      tfjs: (x) => tf.losses.sigmoidCrossEntropy(tfFixed(labels), x),
      jax: (x) => np.mean(sigmoidEntropy(x))
    },
    {
      name: 'sigmoid cross-entropy, logits to ±100',
      at: [confident],
      tabula: (x) => binaryCrossEntropyWithLogits()(x, fixed(labels)),
      tfjs: (x) => tf.losses.sigmoidCrossEntropy(tfFixed(labels), x),
      jax: (x) => np.mean(sigmoidEntropy(x))
    },
    {
      name: 'softmax cross-entropy',
      at: [x],
      tabula: (x) => crossEntropy()(x, constant<'i32'>(hostValue('i32', [2], Int32Array.from([2, 0])))),
      tfjs: (x) => tf.losses.softmaxCrossEntropy(tf.tensor2d([0, 0, 1, 1, 0, 0], [2, 3]), x),
      jax: (x) => np.negative(np.mean(np.sum(nn.logSoftmax(x, 1).mul(np.array([[0, 0, 1], [1, 0, 0]])), 1)))
    },
    {
      name: 'softmax cross-entropy, logits to ±100',
      at: [confident],
      tabula: (x) => crossEntropy()(x, constant<'i32'>(hostValue('i32', [2], Int32Array.from([2, 0])))),
      tfjs: (x) => tf.losses.softmaxCrossEntropy(tf.tensor2d([0, 0, 1, 1, 0, 0], [2, 3]), x),
      jax: (x) => np.negative(np.mean(np.sum(nn.logSoftmax(x, 1).mul(np.array([[0, 0, 1], [1, 0, 0]])), 1)))
    },
    { name: 'focal loss', at: [x], tabula: (x) => sigmoidFocalLoss()(x, fixed(labels)), tfjs: tfFocal, jax: focal },
    { name: 'focal loss, logits to ±100', at: [confident], tabula: (x) => sigmoidFocalLoss()(x, fixed(labels)), tfjs: tfFocal, jax: focal },
    { name: 'GIoU loss', at: [boxes, others], tabula: (a, b) => giouLoss(a, b, 0), tfjs: tfGiou, jax: giou },
    { name: 'GIoU loss, boxes apart', at: [boxes, apart], tabula: (a, b) => giouLoss(a, b, 0), tfjs: tfGiou, jax: giou },
    { name: 'boxes from deltas', at: [spread([2, 4], [-0.6, 0.8])], tabula: (deltas) => decodeBoxes([1, 1, 1, 1])(deltas, fixed(boxes)), tfjs: tfDecode, jax: decode }
  ]
}
