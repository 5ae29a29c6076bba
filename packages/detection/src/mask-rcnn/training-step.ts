import { valueAndGradWithAux } from '@tabula/autodiff'
import type { Optimizer, OptimizerState } from '@tabula/nn'
import type { HostValue, TensorsOf } from '@tabula/tensor'
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

/** The same as numbers: what a checkpoint holds. */
export interface TrainingState {
  readonly params: Trees
  readonly state: Trees
  readonly optimizer: OptimizerState<Trees, HostValue<'f32'>>
}

/** What a step reads besides the state, as numbers. */
export interface StepValues {
  readonly batch: TrainingValues
  readonly learningRate: HostValue<'f32'>
}

/** What a step reads besides the state. */
export type StepInputs = TensorsOf<StepValues>

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
