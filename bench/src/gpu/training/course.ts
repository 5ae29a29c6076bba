import { either as E } from 'fp-ts'
import { trainingStep } from '@tabula/detection'
import type { MaskRcnnLosses, StepValues, TrainingState } from '@tabula/detection'
import { iterate } from '@tabula/tensor'
import type { CompileError, Device, DeviceError } from '@tabula/tensor'
import { inputsOf, optimizer, startOf } from './lesson.js'
import type { Lesson } from './lesson.js'

/** Trains a lesson from its start, on state that stays on the device, and tells each step's sum of losses. `Left` where a step fails. */
export const trainedCourse = async (
  device: Device,
  lesson: Lesson,
  steps: number,
  tell: (step: number, loss: number) => Promise<void> | void
): Promise<E.Either<CompileError | DeviceError, void>> => {
  const started = await iterate(device)<TrainingState, StepValues, MaskRcnnLosses>(trainingStep(lesson.model, optimizer), startOf(lesson))()
  if (E.isLeft(started)) return started
  for (let step = 0; step < steps; step++) {
    const losses = await started.right.advance(inputsOf(lesson, step))()
    if (E.isLeft(losses)) return losses
    await tell(step, Object.values(losses.right).reduce((sum, { data }) => sum + (data[0] ?? NaN), 0))
  }
  // Read at the end, so that the state is not collected before, and failures that are still to come are seen.
  const state = await started.right.state()
  return E.isLeft(state) ? state : E.right(undefined)
}
