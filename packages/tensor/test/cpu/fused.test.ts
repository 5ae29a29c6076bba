import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { cpuDevice } from '../../src/device/cpu/index.js'
import { evaluate } from '../../src/device/reference/index.js'
import { add, conv2d, key, mul, normal, relu, reshape, simplify, trace } from '../../src/index.js'
import type { HostValue, Tensor } from '../../src/index.js'

type F = Tensor<readonly number[], 'f32'>
const right = <L, A>(result: E.Either<L, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}
const value = (seed: number, shape: readonly number[]) => normal(key(seed), shape)

const check = async (f: (args: Readonly<Record<string, F>>) => readonly F[], args: Readonly<Record<string, HostValue<'f32'>>>) => {
  const graph = simplify(trace((a: Readonly<Record<string, F>>) => f(a), args as never).graph)
  const inputs = Object.values(args)
  const device = right(await cpuDevice()())
  const got = right(await right(await device.compile(graph)()).run(inputs)())
  const want = right(evaluate(graph, inputs))
  got.forEach(({ data }, output) => data.forEach((x, k) => expect(Math.abs(x - (want[output]?.data[k] ?? NaN))).toBeLessThan(2e-5)))
}

test.each([1, 2])('bias, affine and ReLU in one pass equal the plain program (%i images)', (n) =>
  check(
    ({ x, w, b, scale, offset }) => {
      if (!x || !w || !b || !scale || !offset) return []
      const y = add(conv2d(w, { padding: 1 })(x), reshape([1, -1, 1, 1])(b)) as F
      const z = add(offset, mul(scale, y)) as F
      return [relu(z) as F, y]
    },
    { x: value(1, [n, 3, 64, 70]), w: value(2, [4, 3, 3, 3]), b: value(3, [4]), scale: value(4, [n, 4, 1, 1]), offset: value(5, [n, 4, 1, 1]) }
  )
)

test.each([1, 2])('a scaled map and an affine one in one pass less equal the plain program (%i images)', (n) => {
  const perMap = [n, 4, 1, 1]
  return check(
    ({ x, y, a, b, c }) => {
      if (!x || !y || !a || !b || !c) return []
      const sum = add(mul(y, a), add(c, mul(b, x))) as F
      // Used again, the parts stay what they are.
      const kept = mul(a, x) as F
      const inner = add(mul(b, y), c) as F
      return [sum, add(add(mul(x, b), c), mul(c, y)) as F, add(kept, inner) as F, kept, inner]
    },
    { x: value(1, [n, 4, 64, 70]), y: value(2, [n, 4, 64, 70]), a: value(3, perMap), b: value(4, perMap), c: value(5, perMap) }
  )
})
