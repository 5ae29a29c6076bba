import type { numpy as np } from '@jax-js/jax'
import type { Shape, Tensor } from '@tabula/tensor'
import type * as tf from '@tensorflow/tfjs-core'

/** Numbers in row-major order, each exact in single precision. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

type Real = Tensor<Shape, 'f32'>

/**
 * One function, written in each library by the operation that the library has for it, else by the nearest that it has. All are functions of
 * the same arrays, and answer the same array.
 */
export interface Case {
  readonly name: string
  /** The arguments, all of which are differentiated. */
  readonly at: readonly Numbers[]
  /**
   * Where the function has kinks at the point: directions, argument by argument, along which it has none, and along which derivatives are
   * compared instead of element by element.
   */
  readonly along?: readonly (readonly number[])[]
  readonly tabula: (...args: Real[]) => Real
  /** Not there where the library has no such operation. */
  readonly tfjs?: (...args: tf.Tensor[]) => tf.Tensor
  /** Takes the arrays over: every use of an array but the last is one of `ref`. */
  readonly jax?: (...args: np.Array[]) => np.Array
}

/** Which derivative of the loss Σ w·(y + y²/2) of a case's result y, whose weights w are fixed. */
export type Derivative = 'grad' | 'grad of grad' | 'jvp' | 'jvp of grad'

/** All derivatives, in the order of the table. */
export const derivatives: readonly Derivative[] = ['grad', 'jvp', 'grad of grad', 'jvp of grad']

/** A library that differentiates. What it cannot do is thrown. */
export interface Contestant {
  readonly name: string
  readonly version: string
  /** What it offers. */
  readonly derivatives: readonly Derivative[]
  /** Whether it has the case's operation. */
  readonly has: (c: Case) => boolean
  /** The loss. */
  readonly value: (c: Case) => Promise<number>
  /** Derivatives by each argument; of `jvp` one number. */
  readonly derive: (c: Case, derivative: Derivative) => Promise<readonly (readonly number[])[]>
}
