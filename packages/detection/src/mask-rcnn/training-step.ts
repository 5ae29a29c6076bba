import { valueAndGradWithAux } from '@tabula/autodiff'
import type { Optimizer, OptimizerState } from '@tabula/nn'
import type { HostValue, TensorsOf } from '@tabula/tensor'
import type { Trees } from '../module.js'
import type { TrainingValues } from './batch.js'
import { totalLoss } from './losses.js'
import type { Scalar } from './losses.js'

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

/** What a step reads besides the state, as numbers: a batch of Mask R-CNN where `Batch` is not given. */
export interface StepValues<Batch = TrainingValues> {
  readonly batch: Batch
  readonly learningRate: HostValue<'f32'>
}

/** What a step reads besides the state. */
export type StepInputs<Batch = TrainingValues> = TensorsOf<StepValues<Batch>>

/** Anything that can be trained: losses by name of a batch, and the next state. An R-CNN, or a detector of the caller's own. */
export interface Trainable<Batch, L extends Readonly<Record<string, Scalar>>> {
  readonly train: (params: Trees, state: Trees, batch: Batch) => readonly [L, Trees]
}

/** One step of training as a program: losses, all gradients of their sum, and the optimizer's update. */
export const trainingStep =
  <Batch, L extends Readonly<Record<string, Scalar>>>(model: Trainable<Batch, L>, optimizer: Optimizer) =>
  ({ params, state, optimizer: memory }: TrainingTensors, { batch, learningRate }: { readonly batch: Batch; readonly learningRate: TensorsOf<HostValue<'f32'>> }): readonly [TrainingTensors, L] => {
    const lossOf = (p: Trees): readonly [Scalar, { readonly losses: L; readonly state: Trees }] => {
      const [losses, next] = model.train(p, state, batch)
      return [totalLoss(losses), { losses, state: next }]
    }
    const { auxiliary, gradient } = valueAndGradWithAux(lossOf)(params)
    const [nextParams, nextMemory] = optimizer.update(gradient, memory, params, learningRate)
    return [{ params: nextParams, state: auxiliary.state, optimizer: nextMemory }, auxiliary.losses]
  }
