import { function as F, taskEither as TE } from 'fp-ts'
import { hvp } from '@tabula/autodiff'
import { add, compile, exp, floats, mul, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'

type Real = Tensor<Shape, 'f32'>

/** Parameters, and directions in which they move: any tree. */
interface Parameters {
  readonly a: Real
  readonly b: Real
}

const loss = ({ a, b }: Parameters): Tensor<readonly [], 'f32'> => total(add<Real, Real>(mul<Real, Real>(exp(a), b), mul<Real, Real>(b, b)))

/** The Hessian times a direction, and the curvature along it, without the Hessian: a small multiple of the cost of the loss. */
const program = ({ at, direction }: { readonly at: Parameters; readonly direction: Parameters }) => {
  const product = hvp(loss, at, direction)
  return { product, curvature: add<Real, Real>(total(mul<Real, Real>(direction.a, product.a)), total(mul<Real, Real>(direction.b, product.b))) }
}

const point = { at: { a: floats([2], [0, 1]), b: floats([2], [2, -1]) }, direction: { a: floats([2], [1, 0]), b: floats([2], [0, 1]) } }

export const outcome = await F.pipe(
  compile(referenceDevice())(program, point),
  TE.chainW(({ run }) => run(point))
)()
