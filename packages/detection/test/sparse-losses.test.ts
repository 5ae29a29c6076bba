import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { grad, valueAndGrad } from '@tabula/autodiff'
import { valuesOf } from '@tabula/nn'
import { compile, concatenate, floats, gather, integers, key, matmul, mul, normal, reshape, showError, slice, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { lossOfRows, rpnHead, rpnHeadAt } from '../src/index.js'
import type { LevelPrediction, Trees } from '../src/index.js'

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

describe("the proposal network's head at drawn anchors", () => {
  const [channels, anchors, images, drawn] = [3, 2, 2, 7]
  const sizes = [[5, 4], [3, 2], [1, 1]] as const
  const head = rpnHead(channels, anchors)
  const { params, state } = head.init(key(3), 'rpn')
  const inputs: { readonly learned: { readonly params: Trees; readonly maps: readonly HostValue<'f32'>[] }; readonly state: Trees; readonly index: HostValue<'i32'>; readonly weights: HostValue<'f32'> } = {
    learned: { params, maps: sizes.map(([h, w], level) => normal(key(10 + level), [images, channels, h, w])) },
    state,
    // The first and the last anchors, corners of levels, and one drawn twice.
    index: integers([images, drawn], [0, 1, 7, 8, 53, 41, 8, 39, 38, 40, 52, 51, 3, 20]),
    weights: normal(key(20), [images, drawn, 5])
  }
  type Learned = { readonly params: Trees; readonly maps: readonly Real[] }

  const loss = ({ logits, deltas }: LevelPrediction, weights: Real): Loss => {
    const all = concatenate({ axis: 2 })<Shape, 'f32'>([reshape([images, drawn, 1])(logits), deltas])
    return total(mul(mul(all, all), weights))
  }

  test('is the head everywhere, looked up, in value and derivatives', async () => {
    const everywhere = ({ learned, state: s, index, weights }: TensorsOf<typeof inputs>) =>
      valueAndGrad(({ params: p, maps }: Learned) => {
        const [levels] = head.apply('train', p, s, maps)
        const at = { axis: 1, batchDims: 1 }
        return loss(
          {
            logits: gather(index, at)(concatenate({ axis: 1 })<Shape, 'f32'>(levels.map(({ logits }) => logits))),
            deltas: gather(index, at)(concatenate({ axis: 1 })<Shape, 'f32'>(levels.map(({ deltas }) => deltas)))
          },
          weights
        )
      })(learned)
    const drawnOnly = ({ learned, index, weights }: TensorsOf<typeof inputs>) =>
      valueAndGrad(({ params: p, maps }: Learned) => loss(rpnHeadAt(anchors)(p, maps, index), weights))(learned)
    expectEqual(await run(drawnOnly, inputs), await run(everywhere, inputs))
  })
})

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
