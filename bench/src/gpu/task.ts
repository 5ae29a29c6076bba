import type { PrimitiveName } from '@tabula/tensor'
import type { SizedName } from '@tabula/tensor/testing'

/** Modes of gpu.js, in the order in which they are checked. */
export const modes = ['cpu', 'webasm', 'webgl2', 'webgpu', 'headlessgl'] as const
export type Mode = (typeof modes)[number]

/** What is compared with the reference interpreter: drawn instances of a primitive, or a program at a size. */
export type CheckName = PrimitiveName | SizedName

/** What a page or a process is asked to do with the gpu.js device in one mode. */
export interface Task {
  readonly mode: Mode
  /** Without any, a device is taken away instead. */
  readonly primitives: readonly CheckName[]
  /** Instances of each primitive. */
  readonly runs: number
  readonly seed: number
  /** No primitive is begun later than this after the first; the others are left for the next page. */
  readonly milliseconds: number
}

/** What a device did with the instances of one primitive. */
export type Outcome = 'agreed' | 'differs' | 'unsupported'

/** What a page or a process tells while it works, one value at a time. */
export type Finding =
  | { readonly _tag: 'missing'; readonly reason: string }
  | {
      readonly _tag: 'primitive'
      readonly name: CheckName
      readonly outcome: Outcome
      /** Where its instances ran: all of them in kernels (or as aliases, which need none), some or all of them on the host. */
      readonly place: 'device' | 'mixed' | 'host'
      readonly kernels: number
      readonly milliseconds: number
      readonly message?: string
    }
  /** A device was taken away while it was used: what is wrong with the error that it answered, if anything is. */
  | { readonly _tag: 'lost'; readonly wrong?: string }
  /** All was done, or `left` remains to be done. */
  | { readonly _tag: 'done'; readonly left: readonly CheckName[] }
