import type { Abstract } from '../../../node.js'
import type { HostValue } from '../../../value.js'
import type { Refused } from '../../reference/evaluation.js'
import type { KernelSource } from '../engine/engine.js'

/** A value of a program, by its number. */
export type Slot = number

/**
 * A step of a program. Slots are single assignments in the order of the steps; a slot's numbers are on the device after `kernel`,
 * `constant` and on the host after `host`, and cross over when a step of the other kind, or the program's caller, first asks for them.
 */
export type ProgramStep =
  /** One kernel. `primitive` names what it was made for, fused parts joined by `+`. */
  | { readonly _tag: 'kernel'; readonly kernel: KernelSource; readonly operands: readonly Slot[]; readonly result: Slot; readonly primitive: string }
  /** Data of the program: uploaded once, when the program is planned. */
  | { readonly _tag: 'constant'; readonly value: HostValue; readonly result: Slot }
  /** The same numbers in another shape. */
  | { readonly _tag: 'alias'; readonly operand: Slot; readonly result: Slot }
  /** A function in the host's memory, which reads no more than its operands. May throw the interpreter's `Refused`. */
  | {
      readonly _tag: 'host'
      readonly primitive: string
      readonly reason: string
      readonly operands: readonly Slot[]
      readonly results: readonly Slot[]
      readonly run: (operands: readonly HostValue[]) => readonly HostValue[]
    }
  /** Throws `Refused` at a bad number. For operands that are on the host: kernels count bad ones of their own, see `Guards`. */
  | { readonly _tag: 'check'; readonly operand: Slot; readonly verify: (value: HostValue) => void }
  /** The program of the branch that the i32 scalar `index` names, clamped into range; all branches take `operands`. */
  | { readonly _tag: 'branch'; readonly index: Slot; readonly operands: readonly Slot[]; readonly results: readonly Slot[]; readonly branches: readonly Program[] }
  /** A program that runs `length` times in a row on values that stay where they are. */
  | {
      readonly _tag: 'loop'
      readonly length: number
      /** Whether positions go from the last to the first. */
      readonly reverse: boolean
      /** What every round takes. */
      readonly constants: readonly Slot[]
      /** What the first round takes, and each other from the one before. */
      readonly carries: readonly Slot[]
      /** What each round takes one slice of. */
      readonly xs: readonly Slot[]
      /** (constants, carries, xs in full, position: i32 []) → (next carries, slices of ys). */
      readonly body: Program
      /** How slices of each ys become one value. */
      readonly stacks: readonly Stack[]
      /** The last carries, then each ys. */
      readonly results: readonly Slot[]
    }

/** Slices, which a loop makes one by one, joined along a new leading axis: a few at a time, so that few of them are held. */
export interface Stack {
  /** How many parts of one level become one of the next. */
  readonly width: number
  /** For each level, the program that joins `width` of its parts, of which the first were made first. */
  readonly groups: readonly Program[]
  /** Joins what is left at the end, from the highest level, which was made first, to the lowest. */
  readonly rest: Program
}

/** Counts of numbers that primitives refuse, by kernels: read when all else is done, so that nothing waits for them in between. */
export interface Guards {
  /** Zero where all counts are. */
  readonly total: Slot
  readonly counts: readonly { readonly slot: Slot; readonly refused: (count: number) => Refused }[]
}

/**
 * A graph as steps for an engine: elementwise chains, views and prologues are fused, `call`s are inlined. What a slot holds is said by
 * `slots`; slots without elements are made by host steps and never go to the device. Integers and truth values are f32 on the device:
 * a program uploads an i32 only if it is representable (`toStorage` checks), and u32 never.
 */
export interface Program {
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  readonly slots: readonly Abstract[]
  readonly steps: readonly ProgramStep[]
  /** Where there is something to guard against. */
  readonly guards?: Guards | undefined
}
