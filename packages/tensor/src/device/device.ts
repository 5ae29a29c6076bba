import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { CompileError, DeviceError } from '../errors.js'
import type { Graph } from '../graph/graph.js'
import type { HostValue, Value } from '../value.js'

/** What a compiled program consists of and where its parts run. Nothing falls back without a line here. */
export interface PlanReport {
  readonly device: string
  /** The engine that really runs, for example `onnxruntime 1.30.0 through its C API`. */
  readonly engine: string
  /** Kernels, or nodes of the engine's graph. */
  readonly kernels: number
  /** Uninterrupted stretches on the device; host functions and collectives stand between them. */
  readonly segments: number
  readonly compileMilliseconds: number
  /** Estimated largest sum of live intermediate values, where the device can tell. */
  readonly peakBytes: number | undefined
  /** Choices worth knowing: fallbacks with their reasons, parts that run on the host. */
  readonly notes: readonly string[]
}

/**
 * State that a device owns between steps. It is replaced as a whole by `Executable.advance` and leaves only as a copy,
 * so no value that a program has seen ever changes.
 */
export interface HeldState {
  /** An immutable copy of the state after the last completed step. */
  readonly read: TaskEither<DeviceError, readonly HostValue[]>
}

/** A compiled program. */
export interface Executable {
  readonly report: PlanReport
  /** All outputs for these inputs. Inputs are neither changed nor kept. */
  readonly run: (inputs: readonly Value[]) => TaskEither<DeviceError, readonly HostValue[]>
  /**
   * One step on held state: the program's first inputs are the state, `inputs` the rest. Its first outputs become the new
   * state, in place of the old; the other outputs are returned. A step that fails leaves the state as it was.
   */
  readonly advance: (state: HeldState, inputs: readonly Value[]) => TaskEither<DeviceError, readonly HostValue[]>
  /** Frees what the engine holds. Optional: an unreachable executable is freed by the garbage collector. */
  readonly release: () => void
}

/** An interpreter of graphs. */
export interface Device {
  readonly name: string
  readonly compile: (graph: Graph) => TaskEither<CompileError | DeviceError, Executable>
  /** Takes a copy of `state` into the device's ownership. */
  readonly hold: (state: readonly Value[]) => TaskEither<DeviceError, HeldState>
}
