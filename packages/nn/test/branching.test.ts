import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { iterate, key, mean, normal, scalar, square, sub } from '@tabula/tensor'
import type { Device, Shape, Tensor } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { referenceDevice } from '@tabula/tensor/reference'
import { batchNorm, conv2d, paperSchedule, relu, sequence, sgd, valuesOf } from '../src/index.js'
import type { OptimizerState, ParamsOf, StateOf } from '../src/index.js'

const network = sequence([['conv1', conv2d(2, 4, { kernel: 3 })], ['bn1', batchNorm().layer(4)], relu, ['conv2', conv2d(4, 2)]])
const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-2, groups: [{ matches: (path) => path.includes('bn'), weightDecay: 0 }] })

interface Training {
  readonly params: ParamsOf<typeof network>
  readonly state: StateOf<typeof network>
  readonly optimizer: OptimizerState<ParamsOf<typeof network>>
}
interface Batch {
  readonly x: Tensor<Shape, 'f32'>
  readonly rate: Tensor<Shape, 'f32'>
}
const step = (training: Training, { x, rate }: Batch) => {
  const { value, auxiliary, gradient } = valueAndGradWithAux((params: Training['params']) => {
    const [y, state] = network.train(params, training.state, x as Tensor<readonly ['N', 2, 'H', 'W'], 'f32'>)
    return [mean()(square(sub(y, x))) as Tensor<readonly [], 'f32'>, state] as const
  })(training.params)
  const [params, next] = optimizer.update(gradient, training.optimizer, training.params, rate)
  return [{ params, state: auxiliary, optimizer: next }, { loss: value }] as const
}

const initial = network.init(key(0))
const start = { ...initial, optimizer: optimizer.init(initial.params) }
// Two schedules that share their first ten steps: 15 and 20 in all.
const [short, long] = [3, 4].map((times) => paperSchedule({ times, unit: 5, base: 0.1 }))
const batchAt = (index: number, rate: number) => ({ x: normal(key(100 + index), [3, 2, 5, 4]), rate: scalar(rate) })

const devices: Readonly<Record<string, () => Promise<Device>>> = {
  reference: async () => referenceDevice({ precision: 'single' }),
  cpu: async () => right(await cpuDevice({ threads: 1 })())
}
const right = <L, A>(result: E.Either<L, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

describe.each(Object.keys(devices))('a state of training, momentum and running statistics included, on %s', (name) => {
  test('kept at step 10 does not change; two branches from it, and the run that went on, agree bit for bit', async () => {
    if (short === undefined || long === undefined) throw new Error('no schedules')
    expect([short.steps, long.steps, short.trunk]).toEqual([15, 20, 12])
    const device = await (devices[name] ?? (() => Promise.reject(new Error(name))))()
    const from = async (state: typeof start) => right(await iterate(device)<typeof start, ReturnType<typeof batchAt>, { readonly loss: Tensor<Shape, 'f32'> }>(step, state)())
    const numbers = (tree: unknown): readonly (readonly [string, ...number[]])[] => valuesOf(tree).map(({ path, leaf }) => [path, ...Array.from(leaf.data, Number)] as const)
    const trunk = await from(start)
    for (let index = 0; index < 10; index++) right(await trunk.advance(batchAt(index, long.rate(index)))())
    const kept = right(await trunk.state())
    const before = numbers(kept)
    for (let index = 10; index < 20; index++) right(await trunk.advance(batchAt(index, long.rate(index)))())
    const end = right(await trunk.state())
    const branch = async (rate: (step: number) => number, until: number) => {
      const iteration = await from(kept)
      for (let index = 10; index < until; index++) right(await iteration.advance(batchAt(index, rate(index)))())
      return numbers(right(await iteration.state()))
    }
    expect(await branch(long.rate, 20)).toEqual(numbers(end))
    expect(await branch(long.rate, 20)).toEqual(numbers(end))
    // A shorter schedule from the same trunk is the run that had it from the start.
    const whole = await from(start)
    for (let index = 0; index < 15; index++) right(await whole.advance(batchAt(index, short.rate(index)))())
    expect(await branch(short.rate, 15)).toEqual(numbers(right(await whole.state())))
    expect(numbers(kept)).toEqual(before)
    expect(before.map(([path]) => path)).toContain('optimizer.slots.momentum.conv1.weight')
    expect(before).not.toEqual(numbers(end))
  })
})
