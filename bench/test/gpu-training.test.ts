import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { floats, integers, key, showError } from '@tabula/tensor'
import type { CompileError, Device, DeviceError, HostValue } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { trainedCourse } from '../src/gpu/training/course.js'
import { scenesLesson } from '../src/gpu/training/lesson.js'
import { mostObjects, sceneBatch, sceneClasses, sceneSide } from '../src/gpu/training/scenes.js'
import { firstStep, stepDifference } from '../src/gpu/training/step.js'

const take = async <L extends CompileError | DeviceError, A>(task: () => Promise<E.Either<L, A>>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(showError(result.left))
  return result.right
}

test('scenes have one to three things, each with the box and the label of its mask', () => {
  const { images, items } = sceneBatch(key(3), 20)
  expect(images).toHaveLength(20 * 3 * sceneSide ** 2)
  expect(images.every(Number.isFinite)).toBe(true)
  const counts = items.map(({ boxes, labels, masks, height, width }) => {
    labels.forEach((label, object) => {
      expect(label >= 1 && label <= sceneClasses).toBe(true)
      const mask = masks.subarray(object * height * width, (object + 1) * height * width)
      const places = [...mask].flatMap((covered, place) => (covered === 1 ? [place] : []))
      const [rows, columns] = [places.map((place) => Math.floor(place / width)), places.map((place) => place % width)]
      expect([Math.min(...columns), Math.min(...rows), 1 + Math.max(...columns), 1 + Math.max(...rows)]).toEqual(Array.from(boxes.subarray(4 * object, 4 * object + 4)))
    })
    return labels.length
  })
  expect([Math.min(...counts), Math.max(...counts)]).toEqual([1, mostObjects])
  expect(new Set(items.flatMap(({ labels }) => [...labels])).size).toBe(sceneClasses)
})

test('a whole training step of a small Mask R-CNN on gpu.js equals the CPU device (1e-4), and so do the losses of the next ones', async () => {
  const lesson = scenesLesson()
  const [cpu, gpujs] = [await take(cpuDevice()), await take(gpujsDevice({ mode: 'webasm' }))]
  const difference = stepDifference(await take(firstStep(gpujs, lesson)), await take(firstStep(cpu, lesson)))
  expect(difference.path !== '' && difference.relative).toBeLessThan(1e-4)
  const lossesOn = async (device: Device): Promise<readonly number[]> => {
    const losses: number[] = []
    await take(() => trainedCourse(device, lesson, 4, (_, loss) => void losses.push(loss)))
    return losses
  }
  const [found, wanted] = [await lossesOn(gpujs), await lossesOn(cpu)]
  wanted.forEach((loss, step) => expect(Math.abs((found[step] ?? NaN) - loss) / loss).toBeLessThan(1e-3))
  gpujs.close()
}, 300_000)

test('a difference names the value that differs most; a missing one, one of another size and NaN are infinitely far off', () => {
  const numbers = (values: Readonly<Record<string, HostValue>>) => ({
    values: new Map(Object.entries(values)),
    report: { device: '', engine: '', kernels: 0, segments: 0, compileMilliseconds: 0, peakBytes: undefined, notes: [] }
  })
  const wanted = numbers({ a: floats([2], [100, 1]), b: floats([1], [1]), c: integers([1], [5]) })
  const off = (values: Readonly<Record<string, HostValue>>) => stepDifference(numbers({ a: floats([2], [100, 1]), b: floats([1], [1]), c: integers([1], [5]), ...values }), wanted)
  expect(off({})).toMatchObject({ relative: 0, values: 3 })
  expect(off({ a: floats([2], [101, 1]), b: floats([1], [1.5]) })).toMatchObject({ path: 'b', relative: 0.5 })
  expect(off({ a: floats([2], [99, 1]) })).toMatchObject({ path: 'a', relative: 0.01 })
  expect(off({ a: floats([1], [100]) })).toMatchObject({ path: 'a', relative: Infinity })
  expect(off({ b: floats([1], [NaN]) })).toMatchObject({ path: 'b', relative: Infinity })
  expect(off({ d: floats([1], [1]) })).toMatchObject({ path: 'd', relative: Infinity })
  expect(stepDifference(numbers({ a: floats([2], [100, 1]), b: floats([1], [1]) }), wanted)).toMatchObject({ path: 'c', relative: Infinity })
})
