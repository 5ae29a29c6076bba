import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { cpuDevice } from '../../src/device/cpu/index.js'
import { referenceDevice } from '../../src/device/reference/index.js'
import { add, compile, floats, iterate, matmul, mul, scalar, sub } from '../../src/index.js'
import type { Device, HostValue, Shape, Tensor } from '../../src/index.js'

interface State {
  readonly weights: HostValue<'f32'>
  readonly momentum: HostValue<'f32'>
}
interface Inputs {
  readonly x: HostValue<'f32'>
  readonly rate: HostValue<'f32'>
}
const initial: State = { weights: floats([2, 2], [1, 0, 0, 1]), momentum: floats([2, 2], [0, 0, 0, 0]) }
const right = <L, A>(result: E.Either<L, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}
const devices: Readonly<Record<string, () => Promise<Device>>> = {
  reference: async () => referenceDevice({ precision: 'single' }),
  cpu: async () => right(await cpuDevice()())
}

describe.each(Object.keys(devices))('iterate on %s', (name) => {
  const device = async (): Promise<Device> => right((await devices[name]?.().then(E.right)) ?? E.left('no such device'))
  const start = async (state: State) =>
    right(
      await iterate(await device())<State, Inputs, { readonly y: Tensor<Shape, 'f32'> }>(
        // The new state's keys are in another order on purpose: paths, not positions, decide.
        ({ weights, momentum }, { x, rate }) => {
          const y = matmul(x, weights)
          const m = add(mul(momentum, 0.9), matmul(x, y))
          return [{ momentum: m, weights: sub(weights, mul(rate, m)) }, { y }] as const
        },
        state
      )()
    )
  const inputs = { x: floats([2, 2], [0.5, -1, 2, 0.25]), rate: scalar(0.01) }

  test('a kept state never changes, and two branches from it agree bit for bit', async () => {
    const trunk = await start(initial)
    for (let step = 0; step < 10; step++) right(await trunk.advance(inputs)())
    const kept = right(await trunk.state())
    const copy = Array.from(kept.weights.data)
    for (let step = 10; step < 20; step++) right(await trunk.advance(inputs)())
    const end = right(await trunk.state())
    const branch = async () => {
      const iteration = await start(kept)
      for (let step = 10; step < 20; step++) right(await iteration.advance(inputs)())
      return right(await iteration.state())
    }
    const [first, second] = [await branch(), await branch()]
    expect(Array.from(kept.weights.data)).toEqual(copy)
    expect(first).toEqual(end)
    expect(second).toEqual(end)
    expect(Array.from(initial.weights.data)).toEqual([1, 0, 0, 1])
  })

  test('an ill-shaped program is a Left that names the operation', async () => {
    const result = await compile(await device())(({ a, b }) => matmul(a, b), { a: floats([2, 3], [1, 2, 3, 4, 5, 6]), b: floats([2, 2], [1, 2, 3, 4]) })()
    expect(E.isLeft(result) && result.left.message).toContain('matmul')
  })
})
