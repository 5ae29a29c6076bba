import type { Dim, Dtype, IsKnownRank, IsWide, Shape, ShapeMismatch, Tensor } from '@tabula/tensor'

/**
 * Which axis of a tree's tensors counts the examples: one for all of them, or a tree of such. Negative axes count from the end. `null` is
 * none: among arguments, the same for every example; among results, a result that no mapped argument has a part in.
 */
export type AxesOf<T> =
  | number
  | null
  | (T extends Tensor | null | undefined ? never : T extends object ? { readonly [K in keyof T]: AxesOf<T[K]> } : never)

/** The axes of a function's arguments: one for all, or one entry for each. */
export type ArgumentAxes<A extends readonly unknown[]> = number | { readonly [K in keyof A]: AxesOf<A[K]> }

/** A shape with an axis of size `B` at `Axis`; `Shape` where the compiler knows neither rank nor axis. */
export type InsertAxis<S extends Shape, Axis, B extends Dim> =
  IsKnownRank<S> extends false ? Shape : Axis extends -1 ? readonly [...S, B] : InsertedAt<S, Axis, B>

type InsertedAt<S extends Shape, Axis, B extends Dim, Before extends Shape = readonly []> = Before['length'] extends Axis
  ? readonly [...Before, B, ...S]
  : S extends readonly [infer First extends Dim, ...infer Rest extends Dim[]]
    ? InsertedAt<Rest, Axis, B, readonly [...Before, First]>
    : Shape

/** The tree's type for a batch of `B` examples, from that for one. */
export type Batched<T, Axes, B extends Dim> = Axes extends null
  ? T
  : T extends Tensor<infer S, infer D extends Dtype>
    ? Tensor<InsertAxis<S, Axes, B>, D>
    : T extends null | undefined
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Batched<T[K], Axes extends number ? Axes : K extends keyof Axes ? Axes[K] : number, B> }
        : T

/** Whether `B` stands for several sizes, of which the compiler knows each. */
type IsOneSize<B extends Dim> = IsWide<B> extends true ? true : [B] extends [OneOf<B>] ? true : false

/** The intersection of a union's members: `never` where they are several. */
type OneOf<B> = (B extends unknown ? (size: B) => void : never) extends (size: infer Every) => void ? Every : never

/** A function's arguments for a batch of `B` examples; mapped axes whose sizes are known to differ do not compile. */
export type BatchedArguments<A extends readonly unknown[], Axes, B extends Dim> = {
  readonly [K in keyof A]: Batched<A[K], Axes extends number ? Axes : K extends keyof Axes ? Axes[K] : number, B> &
    (IsOneSize<B> extends true ? unknown : ShapeMismatch<`vmap: the mapped axes have sizes ${B}`>)
}
