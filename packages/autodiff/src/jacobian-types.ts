import type { Dtype, IsKnownRank, Shape, Tensor } from '@tabula/tensor'

/** The axes of one shape, then those of another; `Shape` where the compiler does not know both ranks. */
export type JoinedShape<S extends Shape, T extends Shape> =
  IsKnownRank<S> extends true ? (IsKnownRank<T> extends true ? readonly [...S, ...T] : Shape) : Shape

/** The derivatives of a tensor of shape `S` in the leaves of `P`: of its structure, each with the axes of `S` in front. */
export type DerivativesIn<P, S extends Shape> =
  P extends Tensor<infer T, Dtype>
    ? Tensor<JoinedShape<S, T>, 'f32'>
    : P extends null | undefined
      ? P
      : P extends object
        ? { readonly [K in keyof P]: DerivativesIn<P[K], S> }
        : P

/** The tree of `R` with a tree of `P` in the place of each tensor: its derivatives, of shape `[…result, …parameter]`. */
export type JacobianOf<R, P> =
  R extends Tensor<infer S, Dtype>
    ? DerivativesIn<P, S>
    : R extends null | undefined
      ? R
      : R extends object
        ? { readonly [K in keyof R]: JacobianOf<R[K], P> }
        : R
