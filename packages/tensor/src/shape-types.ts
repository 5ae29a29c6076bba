/**
 * Shapes at the type level.
 *
 * A dimension is a literal (`256`), an axis name (`'N'`, `'H/8'`) or `number` where it is unknown to the compiler.
 * Literal and name mismatches are compile errors whose text is a sentence; everything else is checked when the
 * expression is built. A shape of unknown rank is plain `Shape`, and every rule below answers `Shape` for it.
 */
export type Dim = number | string

/** The dimensions of a tensor from the outermost axis to the innermost; `readonly []` is a single number. */
export type Shape = readonly Dim[]

/** The type of an expression whose operands do not fit; its property carries the sentence the compiler prints. */
export interface ShapeMismatch<Message extends string> {
  readonly 'shape error': Message
}

/** Add to a parameter's type so that an ill-shaped argument does not compile. */
export type Check<Result> = Result extends ShapeMismatch<infer M> ? ShapeMismatch<M> : unknown

/** The result's shape, once `Check` has let it pass. */
export type Checked<Result> = Result extends Shape ? Result : never

/** A dimension the compiler knows nothing about. */
export type IsWide<D> = number extends D ? true : string extends D ? true : false

/** Equal, or not known to differ. */
export type SameDim<A extends Dim, B extends Dim> = IsWide<A> extends true
  ? true
  : IsWide<B> extends true
    ? true
    : [A] extends [B]
      ? [B] extends [A]
        ? true
        : false
      : false

/** The better known of two equal dimensions. */
type Known<A extends Dim, B extends Dim> = IsWide<A> extends true ? B : A

/** `[2,3,H/4]`, for messages. */
export type ShowShape<S extends Shape, Text extends string = ''> = S extends readonly [
  infer Head extends Dim,
  ...infer Rest extends Dim[]
]
  ? ShowShape<Rest, Text extends '' ? `${Head}` : `${Text},${Head}`>
  : `[${Text}]`

/** A tuple type (known rank), as opposed to `Shape`. */
export type IsKnownRank<S extends Shape> = number extends S['length'] ? false : true

type BroadcastDim<A extends Dim, B extends Dim> = [A] extends [1]
  ? B
  : [B] extends [1]
    ? A
    : SameDim<A, B> extends true
      ? Known<A, B>
      : never

type BroadcastTuples<A extends Shape, B extends Shape, Tail extends Shape = readonly []> = A extends readonly [
  ...infer RestA extends Dim[],
  infer LastA extends Dim
]
  ? B extends readonly [...infer RestB extends Dim[], infer LastB extends Dim]
    ? [BroadcastDim<LastA, LastB>] extends [never]
      ? never
      : BroadcastTuples<RestA, RestB, readonly [BroadcastDim<LastA, LastB>, ...Tail]>
    : readonly [...A, ...Tail]
  : readonly [...B, ...Tail]

/** The shape of an elementwise operation on two operands, by NumPy's broadcasting rule. */
export type Broadcast<Operation extends string, A extends Shape, B extends Shape> = IsKnownRank<A> extends false
  ? Shape
  : IsKnownRank<B> extends false
    ? Shape
    : [BroadcastTuples<A, B>] extends [never]
      ? ShapeMismatch<`${Operation}: shapes ${ShowShape<A>} and ${ShowShape<B>} do not broadcast`>
      : BroadcastTuples<A, B>

/** What is not of the rank that an operation takes: `Shape` where that is not known, else a sentence. */
type Unranked<S extends Shape, Message extends string> = IsKnownRank<S> extends true ? ShapeMismatch<Message> : Shape

/** The shape of `matmul(a, b)`: `[…, M, K] × […, K, N]`. */
export type MatMul<A extends Shape, B extends Shape> = A extends readonly [...infer BatchA extends Dim[], infer M extends Dim, infer K extends Dim]
  ? B extends readonly [...infer BatchB extends Dim[], infer K2 extends Dim, infer N extends Dim]
    ? SameDim<K, K2> extends true
      ? Broadcast<'matmul', BatchA, BatchB> extends infer Batch
        ? Batch extends Shape
          ? readonly [...Batch, M, N]
          : Batch
        : never
      : ShapeMismatch<`matmul: inner dimensions differ, ${ShowShape<A>} x ${ShowShape<B>}`>
    : Unranked<B, `matmul: takes matrices [..,K,N] but got ${ShowShape<B>} on the right`>
  : Unranked<A, `matmul: takes matrices [..,M,K] but got ${ShowShape<A>} on the left`>

interface Halves {
  readonly '2': '4'
  readonly '4': '8'
  readonly '8': '16'
  readonly '16': '32'
  readonly '32': '64'
  readonly '64': '128'
}
interface Doubles {
  readonly '128': '64'
  readonly '64': '32'
  readonly '32': '16'
  readonly '16': '8'
  readonly '8': '4'
  readonly '4': '2'
}

/** `'H'` → `'H/2'` → `'H/4'` …; literals and unknown sizes become `number`. */
export type Half<D extends Dim> = D extends number
  ? number
  : D extends `${infer Axis}/${infer Factor}`
    ? Factor extends keyof Halves
      ? `${Axis}/${Halves[Factor]}`
      : number
    : string extends D
      ? number
      : `${D}/2`

/** `'H/4'` → `'H/2'` → `'H'`; literals and unknown sizes become `number`. */
export type Double<D extends Dim> = D extends number
  ? number
  : D extends `${infer Axis}/2`
    ? Axis
    : D extends `${infer Axis}/${infer Factor}`
      ? Factor extends keyof Doubles
        ? `${Axis}/${Doubles[Factor]}`
        : number
      : number

/** Kernels whose padding keeps a stride-1 map's size and halves an even map at stride 2. */
interface CentredPadding {
  readonly 1: 0
  readonly 3: 1
  readonly 5: 2
  readonly 7: 3
}

/** The size of a convolution's output along one axis, where it follows for every divisible size; else `number`. */
export type ConvolvedDim<D extends Dim, Kernel extends Dim, Stride extends number, Padding extends number> = Kernel extends keyof CentredPadding
  ? Padding extends CentredPadding[Kernel]
    ? Stride extends 1
      ? D
      : Stride extends 2
        ? Half<D>
        : number
    : number
  : [Kernel, Stride, Padding] extends [2, 2, 0]
    ? Half<D>
    : number

/** The shape of `conv2d` on an `[N, C, H, W]` input with `[O, I, KH, KW]` weights. */
export type Convolved<X extends Shape, W extends Shape, Stride extends number, Padding extends number, Groups extends number> = X extends readonly [
  infer N extends Dim,
  infer C extends Dim,
  infer H extends Dim,
  infer Wd extends Dim
]
  ? W extends readonly [infer O extends Dim, infer I extends Dim, infer KH extends Dim, infer KW extends Dim]
    ? [Groups] extends [1]
      ? SameDim<C, I> extends true
        ? readonly [N, O, ConvolvedDim<H, KH, Stride, Padding>, ConvolvedDim<Wd, KW, Stride, Padding>]
        : ShapeMismatch<`conv2d: weights ${ShowShape<W>} expect ${I} input channels but got ${C} in ${ShowShape<X>}`>
      : readonly [N, O, ConvolvedDim<H, KH, Stride, Padding>, ConvolvedDim<Wd, KW, Stride, Padding>]
    : Unranked<W, `conv2d: takes weights [O,C,KH,KW] but got ${ShowShape<W>}`>
  : Unranked<X, `conv2d: takes maps [N,C,H,W] but got ${ShowShape<X>}`>

/** The shape of `convTranspose2d` on an `[N, C, H, W]` input with `[C, O, KH, KW]` weights. */
export type TransposeConvolved<X extends Shape, W extends Shape> = X extends readonly [infer N extends Dim, infer C extends Dim, Dim, Dim]
  ? W extends readonly [infer I extends Dim, Dim, Dim, Dim]
    ? SameDim<C, I> extends true
      ? readonly [N, number, number, number]
      : ShapeMismatch<`convTranspose2d: weights ${ShowShape<W>} expect ${I} input channels but got ${C} in ${ShowShape<X>}`>
    : IsKnownRank<W> extends true
      ? ShapeMismatch<`convTranspose2d: takes weights [C,O,KH,KW] but got ${ShowShape<W>}`>
      : readonly [number, number, number, number]
  : IsKnownRank<X> extends true
    ? ShapeMismatch<`convTranspose2d: takes maps [N,C,H,W] but got ${ShowShape<X>}`>
    : readonly [number, number, number, number]

/** The shape of a transposition by a permutation known to the compiler. */
export type Transposed<S extends Shape, Permutation extends readonly number[]> = IsKnownRank<S> extends false
  ? Shape
  : { readonly [K in keyof Permutation]: S[Permutation[K]] extends Dim ? S[Permutation[K]] : number } extends infer R extends Shape
    ? R
    : Shape

/** Same rank, sizes unknown. */
export type SameRank<S extends Shape> = IsKnownRank<S> extends false ? Shape : { readonly [K in keyof S]: number }

/** The shape of a reshape to the dimensions given. */
export type Reshaped<S extends Shape> = { readonly [K in keyof S]: S[K] extends -1 ? number : S[K] }
