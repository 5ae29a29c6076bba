import {
  binaryCrossEntropyWithLogits, crossEntropy, huberLoss, l1Loss, logSoftmax, logSumExp, mseLoss, sigmoidFocalLoss, smoothL1Loss, softmax
} from '@tabula/nn'
import type { LossReduction } from '@tabula/nn'
import { expandDims, reshape } from '@tabula/tensor'
import type { Arguments, Floats, Operation, Operations } from './recorded.js'
import { elementwise } from './recorded.js'

const reductionOf = (args: Arguments): LossReduction => {
  const found = args.text('reduction', 'mean')
  if (found === 'mean' || found === 'sum' || found === 'none') return found
  throw new Error(`reduction ${found} is unknown`)
}

/** A loss of x and a target of floats. */
const loss = (f: (args: Arguments, reduction: LossReduction) => (x: Floats, target: Floats) => Floats): Operation =>
  elementwise(({ floats, args }) => f(args, reductionOf(args))(floats('x'), floats('target')))

/** Group `loss`. */
export const losses: Operations = {
  softmax: elementwise(({ floats, args }) => softmax({ axis: args.number('dim') })(floats('x'))),
  log_softmax: elementwise(({ floats, args }) => logSoftmax({ axis: args.number('dim') })(floats('x'))),
  logsumexp: elementwise(({ floats, args }) => logSumExp({ axes: args.list('dim'), keepDimensions: args.truth('keepdim') })(floats('x'))),
  cross_entropy: elementwise(({ floats, integers, host, has, args }) => {
    if (host('target').dtype === 'f32') throw new Error('operand target: expected classes, found probabilities, which have no loss here yet')
    const loss = crossEntropy({
      reduction: reductionOf(args),
      ignoreIndex: args.number('ignore_index', -100),
      labelSmoothing: args.number('label_smoothing', 0),
      ...(has('weight') ? { weight: floats('weight') } : {})
    })
    const x = floats('x')
    // A single position, without a batch.
    return x.shape.length === 1 ? reshape([])(loss(expandDims({ axis: 0 })(x), reshape([1])(integers('target')))) : loss(x, integers('target'))
  }),
  bce_with_logits: elementwise(({ floats, has, args }) =>
    binaryCrossEntropyWithLogits({
      reduction: reductionOf(args),
      ...(has('weight') ? { weight: floats('weight') } : {}),
      ...(has('pos_weight') ? { positiveWeight: floats('pos_weight') } : {})
    })(floats('x'), floats('target'))
  ),
  smooth_l1: loss((args, reduction) => smoothL1Loss({ beta: args.number('beta', 1), reduction })),
  l1: loss((_, reduction) => l1Loss({ reduction })),
  mse: loss((_, reduction) => mseLoss({ reduction })),
  huber: loss((args, reduction) => huberLoss({ delta: args.number('delta', 1), reduction })),
  sigmoid_focal_loss: loss((args, reduction) => sigmoidFocalLoss({ alpha: args.number('alpha', 0.25), gamma: args.number('gamma', 2), reduction }))
}
