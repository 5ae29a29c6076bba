import { constant, hostValue, notEqual } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'

export type Floats = Tensor<Shape, 'f32'>
export type Integers = Tensor<Shape, 'i32'>
export type Truths = Tensor<Shape, 'bool'>

/** The arguments of a recorded operation, each asked for by the type it must have. Throws where one is missing or of another type. */
export interface Arguments {
  readonly has: (name: string) => boolean
  readonly number: (name: string, fallback?: number) => number
  /** Whether an argument is given as null, which is not the same as leaving it out where PyTorch has another default. */
  readonly isNull: (name: string) => boolean
  readonly truth: (name: string, fallback?: boolean) => boolean
  readonly text: (name: string, fallback?: string) => string
  /** A number or a list of numbers, as a list. */
  readonly list: (name: string, fallback?: readonly number[]) => readonly number[]
  readonly lists: (name: string) => readonly (readonly number[])[]
  /** `[height, width]`; one number stands for both. */
  readonly pair: (name: string, fallback?: number | readonly [number, number]) => readonly [number, number]
  /** Throws where an argument is given and is none of the values that exist here. */
  readonly only: (name: string, ...allowed: readonly (string | number | boolean)[]) => void
  /** Names arguments that change nothing about the result. */
  readonly irrelevant: (...names: readonly string[]) => void
  /** Arguments that are given and that nobody has asked for: what an operation does not know it must not pass over. */
  readonly unread: () => readonly string[]
}

/** What an operation is built from: its operands as expressions, the recorded numbers behind them, and its arguments. */
export interface Recorded {
  /** The operands' names, in the recorded order. */
  readonly names: readonly string[]
  readonly has: (name: string) => boolean
  readonly floats: (name: string) => Floats
  readonly integers: (name: string) => Integers
  /** Truth values, stored as bytes 0 and 1. */
  readonly truths: (name: string) => Truths
  /** The recorded numbers, for what is decided before a program is built. */
  readonly host: (name: string) => HostValue
  /** Names operands that change nothing about the results. */
  readonly irrelevant: (...names: readonly string[]) => void
  /** The shape of a recorded result. */
  readonly recordedShape: (output: string) => readonly number[]
  readonly args: Arguments
}

/** Results by name; an operation with one result may answer it alone. */
export type Outputs = Readonly<Record<string, Tensor>>

/** How a row's tolerance is chosen: see the fixtures' README. */
export type Accuracy = 'elementwise' | 'sums' | 'norms' | 'optimizer'

/** How to build a recorded operation from the public packages. */
export interface Operation {
  readonly accuracy: Accuracy
  readonly build: (recorded: Recorded) => Tensor | Outputs
  /** Turns results of fixed size into the recorded form, such as a mask of kept boxes into their indices. */
  readonly finish?: (values: Readonly<Record<string, HostValue>>, recorded: Recorded) => Readonly<Record<string, HostValue>>
  /** The operation runs on several replicas at once: how its samples are split, and which operand and result hold a row for each sample. */
  readonly replicas?: { readonly split: (args: Arguments) => readonly number[]; readonly operand: string; readonly output: string }
  /** The recorded decisions were taken in single precision, so the reference interpreter must take them so too. */
  readonly singlePrecision?: boolean
}

/** Why an operation is skipped. */
export interface Skip {
  readonly skip: string
}

/** The operations of one group, by their recorded name. */
export type Operations = Readonly<Record<string, Operation | Skip>>

export const elementwise = (build: Operation['build']): Operation => ({ accuracy: 'elementwise', build })
export const sums = (build: Operation['build']): Operation => ({ accuracy: 'sums', build })
export const norms = (build: Operation['build']): Operation => ({ accuracy: 'norms', build })

/** A rank-0 double-precision constant. */
export const number = (x: number): Floats => constant(hostValue('f32', [], Float64Array.of(x)))

/** A constant tensor of whole numbers. */
export const integers = (shape: readonly number[], data: readonly number[]): Integers => constant(hostValue('i32', shape, Int32Array.from(data)))

/** A constant tensor in double precision. */
export const floats = (shape: readonly number[], data: ArrayLike<number>): Floats => constant(hostValue('f32', shape, Float64Array.from(data)))

/** Bytes 0 and 1 as truth values. */
export const truthsOf = (x: Tensor): Truths => {
  if (x.dtype === 'bool') return x as Truths
  // Not bool, so a number; `notEqual` refuses anything else when the program is built.
  return notEqual(x as Integers, 0)
}
