import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { floats, integers, iterate, key, scalar } from '@tabula/tensor'
import type { Device, Shape, Tensor } from '@tabula/tensor'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { conv2d, crossEntropy, globalAveragePool, groupNorm, linear, maxPool, relu, residual, sequence, sgd } from '@tabula/nn'
import type { OptimizerState, ParamsOf, StateOf } from '@tabula/nn'

const norm = groupNorm(4)

const branch = sequence([
  ['conv1', conv2d(8, 8, { kernel: 3, bias: norm.needsBias })],
  ['norm1', norm.layer(8)],
  relu,
  ['conv2', conv2d(8, 8, { kernel: 3, bias: norm.needsBias })],
  ['norm2', norm.layer(8, { scale: 0 })]
])

const network = sequence([
  ['stem', conv2d(1, 8, { kernel: 3 })],
  ['block', residual(branch)],
  relu,
  maxPool({ kernel: 2, stride: 2 }),
  globalAveragePool,
  ['classify', linear(8, 2)]
])

const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4, groups: [{ matches: (path) => path.includes('norm'), weightDecay: 0 }] })

type Params = ParamsOf<typeof network>
interface Training {
  readonly params: Params
  readonly state: StateOf<typeof network>
  readonly optimizer: OptimizerState<Params>
}
interface Batch {
  readonly images: Tensor<Shape, 'f32'>
  readonly labels: Tensor<Shape, 'i32'>
  readonly rate: Tensor<Shape, 'f32'>
}

/** One step, forward, backward and update: a single program. */
const step = (training: Training, { images, labels, rate }: Batch): readonly [Training, { readonly loss: Tensor<Shape, 'f32'> }] => {
  const { value, auxiliary, gradient } = valueAndGradWithAux((params: Params) => {
    const [logits, state] = network.train(params, training.state, images)
    return [crossEntropy()(logits, labels), state] as const
  })(training.params)
  const [params, next] = optimizer.update(gradient, training.optimizer, training.params, rate)
  return [{ params, state: auxiliary, optimizer: next }, { loss: value }]
}

const initial = network.init(key(0))
const start = { ...initial, optimizer: optimizer.init(initial.params) }

/** Horizontal and vertical stripes. */
const batch = {
  images: floats([4, 1, 8, 8], Float32Array.from({ length: 256 }, (_, i) => Math.sin((Math.floor(i / 64) % 2 === 0 ? Math.floor(i / 8) % 8 : i % 8) * 2))),
  labels: integers([4], [0, 1, 0, 1]),
  rate: scalar(0.1)
}

/** The loss of every step on a device, such as the native CPU's or the reference interpreter's. */
export const losses = (device: Device, steps: number) =>
  pipe(
    iterate(device)<typeof start, typeof batch, { readonly loss: Tensor<Shape, 'f32'> }>(step, start),
    TE.chainW(({ advance }) => pipe(Array.from({ length: steps }, () => advance(batch)), TE.sequenceSeqArray)),
    TE.map((outputs) => outputs.map(({ loss }) => loss.data[0] ?? NaN))
  )
