import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { compile, floats, iterate, key, matmul, mean, mul, named, normal, square, sub, transpose } from '@tabula/tensor'
import type { Device, HostValue, Shape, Tensor } from '@tabula/tensor'

type Real = Tensor<Shape, 'f32'>

/** An expression: nothing is computed. Names are checked where they are attached; `[3, 4]` by a `[5, 2]` would not compile. */
const prediction = (x: Real, weight: Real) => matmul(named(['N', 3])(x), named([3, 1])(weight))

/** Numbers from a key: the same key, the same numbers. */
const weight = normal(key(7), [3, 1])
const x = normal(key(1), [16, 3])

/** A program is a function of a tree of tensors; a device compiles it for the shapes of an example and runs it on values. */
export const predicted = (device: Device) =>
  pipe(
    compile(device)(({ x, weight }) => ({ y: prediction(x, weight) }), { x, weight }),
    TE.chainW(({ run }) => run({ x, weight })),
    TE.map(({ y }) => y)
  )

/** A state that a device owns and advances step by step: here the parameters of a line, by gradient descent written by hand. */
export const fitted = (device: Device, target: HostValue<'f32'>, steps: number) => {
  const initial = { weight: floats([3, 1], [0, 0, 0]) }
  const step = ({ weight }: { readonly weight: Real }, { x, y }: { readonly x: Real; readonly y: Real }) => {
    const error = sub(matmul<Shape, Shape>(x, weight), y)
    const gradient = mul(matmul<Shape, Shape>(transpose([1, 0])(x), error), 2 / 16)
    const next: Real = sub(weight, mul(gradient, 0.3))
    return [{ weight: next }, { loss: mean({ axes: [0, 1] })(square(error)) }] as const
  }
  return pipe(
    iterate(device)<typeof initial, { readonly x: HostValue<'f32'>; readonly y: HostValue<'f32'> }, { readonly loss: Real }>(step, initial),
    TE.chainW(({ advance, state }) =>
      pipe(
        Array.from({ length: steps }, () => advance({ x, y: target })),
        TE.sequenceSeqArray,
        TE.chainW(() => state)
      )
    )
  )
}
