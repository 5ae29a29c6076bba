import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { totalLoss } from '@tabula/detection'
import type { StepValues, TrainingState, Trees } from '@tabula/detection'
import { compile, isHostValue, leavesOf } from '@tabula/tensor'
import type { CompileError, Device, DeviceError, HostValue, PlanReport, TensorsOf } from '@tabula/tensor'
import { inputsOf, optimizer, startOf } from './lesson.js'
import type { Lesson } from './lesson.js'

/** Everything that one step of training computes, by its path: losses, the gradients of their sum, and all that SGD changes. */
export interface StepNumbers {
  readonly values: ReadonlyMap<string, HostValue>
  readonly report: PlanReport
}

/** The lesson's first step as one program whose results are all answered. */
const completeStep =
  ({ model }: Lesson) =>
  ({ start: { params, state, optimizer: memory }, inputs: { batch, learningRate } }: TensorsOf<{ readonly start: TrainingState; readonly inputs: StepValues }>) => {
    const { auxiliary, gradient } = valueAndGradWithAux((own: Trees) => {
      const [losses, next] = model.train(own, state, batch)
      return [totalLoss(losses), { losses, state: next }] as const
    })(params)
    const [nextParams, nextMemory] = optimizer.update(gradient, memory, params, learningRate)
    return { losses: auxiliary.losses, gradient, params: nextParams, momentum: nextMemory, state: auxiliary.state }
  }

/** Runs a lesson's first step on a device. `Left` where it does not compile or run. */
export const firstStep = (device: Device, lesson: Lesson): TE.TaskEither<CompileError | DeviceError, StepNumbers> => {
  const values = { start: startOf(lesson), inputs: inputsOf(lesson, 0) }
  return pipe(
    compile(device)(completeStep(lesson), values),
    TE.chainW(({ run, report }) =>
      pipe(
        run(values),
        TE.map((results) => ({ report, values: new Map(leavesOf(results, isHostValue).map(({ path, leaf }) => [path, leaf])) }))
      )
    )
  )
}

/** Where two devices differ most: the value's path, and the difference relative to the value's largest magnitude. */
export interface StepDifference {
  readonly path: string
  readonly relative: number
  /** How many values were compared. */
  readonly values: number
}

/** The largest difference relative to a value's largest magnitude; infinite where there is another shape, no value, or a NaN. */
const relativeDifference = (found: HostValue | undefined, wanted: HostValue): number => {
  if (found === undefined || found.data.length !== wanted.data.length) return Infinity
  let [difference, magnitude] = [0, 0]
  for (let index = 0; index < wanted.data.length; index++) {
    const [got, want] = [found.data[index] ?? NaN, wanted.data[index] ?? NaN]
    const apart = Math.abs(got - want)
    if (Number.isNaN(apart)) return Infinity
    difference = Math.max(difference, apart)
    magnitude = Math.max(magnitude, Math.abs(want))
  }
  return difference === 0 ? 0 : difference / magnitude
}

/** Compares all that a step has computed. Values that one side alone has are infinitely far apart. */
export const stepDifference = ({ values: found }: StepNumbers, { values: wanted }: StepNumbers): StepDifference => {
  const extra = [...found.keys()].find((path) => !wanted.has(path))
  const none: StepDifference = { path: extra ?? '', relative: extra === undefined ? 0 : Infinity, values: wanted.size }
  return [...wanted].reduce((worst, [path, value]) => {
    const relative = relativeDifference(found.get(path), value)
    return relative > worst.relative ? { ...worst, path, relative } : worst
  }, none)
}
