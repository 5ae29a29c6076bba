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
