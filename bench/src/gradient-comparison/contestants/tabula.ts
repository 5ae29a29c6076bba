import { readFileSync } from 'node:fs'
import { grad, jvp } from '@tabula/autodiff'
import { add, compile, constant, hostValue, mul, sizeOf, total } from '@tabula/tensor'
import type { Device, HostValue, Shape, Tensor } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { derivatives } from '../case.js'
import type { Case, Contestant, Derivative } from '../case.js'
import { directionOf, weight } from '../numbers.js'

type Real = Tensor<Shape, 'f32'>
type Reals = readonly Real[]

const value = (shape: readonly number[], data: readonly number[]): HostValue<'f32'> => hostValue('f32', shape, Float64Array.from(data))

/** The fixed weights of a result. */
export const weightsOf = ({ shape }: Real): Real => constant(value(shape, Array.from({ length: sizeOf(shape) }, (_, k) => weight(k))))

const scalar = (x: Real): Tensor<readonly [], 'f32'> => total(x)

const lossOf =
  ({ tabula }: Case) =>
  (args: Reals): Tensor<readonly [], 'f32'> => {
    const y = tabula(...args)
    return total(mul(weightsOf(y), add(y, mul(mul(y, y), 0.5))))
  }

const directions = (c: Case): Reals => directionOf(c).map((data, k) => constant(value(c.at[k]?.shape ?? [], data)))

const programOf = (c: Case, derivative: Derivative): ((args: Reals) => Reals) => {
  const loss = lossOf(c)
  switch (derivative) {
    case 'grad':
      return (args) => grad(loss)(args)
    case 'jvp':
      return (args) => [jvp(loss, args, directions(c)).tangent]
    case 'grad of grad':
      return (args) => {
        const v = directions(c)
        const along = (args: Reals): Tensor<readonly [], 'f32'> => grad(loss)(args).map((g, k) => scalar(mul(g, v[k] ?? g))).reduce((a, b) => scalar(add<Real, Real>(a, b)))
        return grad(along)(args)
      }
    case 'jvp of grad':
      return (args) => jvp(grad(loss), args, directions(c)).tangent
  }
}

const run = async (device: Device, c: Case, f: (args: Reals) => Reals): Promise<readonly (readonly number[])[]> => {
  const at = c.at.map(({ shape, data }) => value(shape, data))
  const compiled = await compile(device)(f, at)()
  if (E.isLeft(compiled)) throw new Error(compiled.left.message)
  const outcome = await compiled.right.run(at)()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right.map(({ data }) => Array.from(data))
}

/** Tabula on one of its devices, in single precision. */
export const tabula = (device: Device): Contestant => ({
  name: 'Tabula',
  version: JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version,
  derivatives,
  has: () => true,
  value: async (c) => (await run(device, c, (args) => [lossOf(c)(args)]))[0]?.[0] ?? NaN,
  derive: (c, derivative) => run(device, c, programOf(c, derivative))
})
