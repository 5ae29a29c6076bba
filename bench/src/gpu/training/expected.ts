import { either as E } from 'fp-ts'
import { showError } from '@tabula/tensor'
import type { CompileError, Device, DeviceError } from '@tabula/tensor'
import { trainedCourse } from './course.js'
import type { Lesson } from './lesson.js'
import { firstStep } from './step.js'
import type { StepNumbers } from './step.js'

/** What a device that is trusted makes of lessons; computed when first asked for, and once. */
export interface Expected {
  readonly step: (lesson: Lesson) => Promise<StepNumbers>
  /** Sums of losses, one a step. */
  readonly losses: (lesson: Lesson, steps: number) => Promise<readonly number[]>
}

const right = <A>(outcome: E.Either<CompileError | DeviceError, A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

/** What this device makes of lessons. Rejects where it fails, which no mode is to blame for. */
export const expectedOf = (device: Device): Expected => {
  const steps = new Map<Lesson, Promise<StepNumbers>>()
  const courses = new Map<string, Promise<readonly number[]>>()
  const remembered = <K, A>(known: Map<K, Promise<A>>, key: K, make: () => Promise<A>): Promise<A> => {
    const found = known.get(key) ?? make()
    known.set(key, found)
    return found
  }
  const learned = async (lesson: Lesson, count: number): Promise<readonly number[]> => {
    const losses: number[] = []
    right(await trainedCourse(device, lesson, count, (_, loss) => void losses.push(loss)))
    return losses
  }
  return {
    step: (lesson) => remembered(steps, lesson, async () => right(await firstStep(device, lesson)())),
    losses: (lesson, count) => remembered(courses, `${lesson.name} ${count}`, () => learned(lesson, count))
  }
}
