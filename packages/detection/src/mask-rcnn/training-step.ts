import { valueAndGradWithAux } from '@tabula/autodiff'
import type { Optimizer, OptimizerState } from '@tabula/nn'
import type { Shape, Tensor, TensorsOf } from '@tabula/tensor'
import type { Trees } from '../module.js'
import type { TrainingValues } from './batch.js'
import { totalLoss } from './losses.js'
import type { Scalar } from './losses.js'
import type { MaskRcnn, MaskRcnnLosses } from './mask-rcnn.js'

/** Everything that changes in training, as expressions: one value that can be kept, copied and branched from. */
export interface TrainingTensors {
  readonly params: Trees
  /** Running statistics and frozen affine maps. */
  readonly state: Trees
  readonly optimizer: OptimizerState<Trees>
}

/** What a step reads besides the state. */
export interface StepInputs {
  readonly batch: TensorsOf<TrainingValues>
  readonly learningRate: Tensor<Shape, 'f32'>
}

/** One step of training as a program: losses, all gradients of their sum, and the optimizer's update. */
export const trainingStep =
  (model: MaskRcnn, optimizer: Optimizer) =>
  ({ params, state, optimizer: memory }: TrainingTensors, { batch, learningRate }: StepInputs): readonly [TrainingTensors, MaskRcnnLosses] => {
    const lossOf = (p: Trees): readonly [Scalar, { readonly losses: MaskRcnnLosses; readonly state: Trees }] => {
      const [losses, next] = model.train(p, state, batch)
      return [totalLoss({ ...losses }), { losses, state: next }]
    }
    const { auxiliary, gradient } = valueAndGradWithAux(lossOf)(params)
    const [nextParams, nextMemory] = optimizer.update(gradient, memory, params, learningRate)
    return [{ params: nextParams, state: auxiliary.state, optimizer: nextMemory }, auxiliary.losses]
  }
