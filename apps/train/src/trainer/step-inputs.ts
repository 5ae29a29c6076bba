import type { Batch, Position } from '@tabula/coco/pipeline'
import type { TrainingValues } from '@tabula/detection'
import type { HostValue } from '@tabula/tensor'

/** What a training step reads besides the state. */
export interface StepInputs {
  readonly batch: TrainingValues
  readonly learningRate: HostValue<'f32'>
}

/** The inputs of a step, the images they are made of, and the position after those. */
export interface PreparedStep {
  readonly batch: Batch
  readonly after: Position
  readonly inputs: StepInputs
}
