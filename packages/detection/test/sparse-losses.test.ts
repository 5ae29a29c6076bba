import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { grad, valueAndGrad } from '@tabula/autodiff'
import { valuesOf } from '@tabula/nn'
import { compile, floats, key, matmul, mul, normal, reshape, showError, slice, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { lossOfRows } from '../src/index.js'

type Real = Tensor<Shape, 'f32'>
type Loss = Tensor<readonly [], 'f32'>

const run = async <I, O>(f: (inputs: TensorsOf<I>) => O, inputs: I): Promise<readonly { readonly path: string; readonly leaf: HostValue }[]> => {
  const compiled = await compile(referenceDevice())<I, O>(f, inputs)()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const ran = await compiled.right.run(inputs)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  return valuesOf(ran.right)
}

/** Equal to rounding in double precision. */
const expectEqual = (found: Awaited<ReturnType<typeof run>>, expected: Awaited<ReturnType<typeof run>>): void => {
  expect(found.map(({ path }) => path)).toEqual(expected.map(({ path }) => path))
  found.forEach(({ leaf }, k) => leaf.data.forEach((x, i) => expect(Number(x)).toBeCloseTo(Number(expected[k]?.leaf.data[i]), 9)))
}

describe('a loss of the first rows', () => {
  const rows = 6
  const inputs = { w: normal(key(1), [3, 2]), x: normal(key(2), [rows, 3]), count: floats([], [0]) }
  type Inputs = TensorsOf<typeof inputs>
  /** Rows from `count` on weigh nothing. */
  const loss = (w: Real, x: Real, weights: Real): Loss => {
    const y = matmul<Shape, Shape>(x, w)
    return total(mul(mul(y, y), weights))
  }
  const weightsFor = (count: number): readonly number[] => Array.from({ length: rows }, (_, row) => (row < count ? 1 + row : 0))

  test.each([0, 1, 2, 3, 4, 5, 6])('is that of all rows, where %i count', async (count) => {
    const weights = { ...inputs, count: floats([], [count]), weights: floats([rows, 1], weightsFor(count)) }
    type With = TensorsOf<typeof weights>
    const all = ({ w, x, weights: of }: With) => valueAndGrad(({ a, b }: { readonly a: Real; readonly b: Real }) => loss(a, b, of))({ a: w, b: x })
    const stepped = lossOfRows([1, 2, 3, 6], (n) => ({ a, b }: { readonly a: Real; readonly b: Real }, { of }: { readonly of: Real }) => {
      const first = slice({ axis: 0, limit: n })
      return loss(a, first(b), first(of))
    })
    const some = ({ w, x, weights: of, count: c }: With) => valueAndGrad((p: { readonly a: Real; readonly b: Real }) => mul(stepped(c, p, { of }), 1) as Loss)({ a: w, b: x })
    expectEqual(await run(some, weights), await run(all, weights))
  })

  test('says that it has no second derivative', () => {
    const stepped = lossOfRows([1, 6], (n) => (a: Real, b: Real) => total(mul(slice({ axis: 0, limit: n })(b), mul(a, a)) as Real))
    const first = (a: Real, { x, count }: Inputs): Loss => total(grad((w: Real) => stepped(count, w, x))(a))
    const program = ({ w, ...rest }: Inputs) => grad((a: Real) => first(a, { w, ...rest }))(slice({ axis: 0, limit: 1 })(reshape([6])(w)))
    return expect(run(program, inputs)).rejects.toThrow(/first derivative/)
  })
})
