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
  /** An immutable copy of the state after the last step that was asked for. */
  readonly read: TaskEither<DeviceError, readonly HostValue[]>
}

/** A compiled program. */
export interface Executable {
  readonly report: PlanReport
  /** All outputs for these inputs. Inputs are neither changed nor kept. */
  readonly run: (inputs: readonly Value[]) => TaskEither<DeviceError, readonly HostValue[]>
  /**
   * One step on held state: the program's first inputs are the state, `inputs` the rest. Its first outputs become the new
   * state, in place of the old; the other outputs are returned. A step that fails leaves the state as it was, or, where the engine
   * fails while the new state is written over the old, as lost: then every use of it fails and says so.
   */
  readonly advance: (state: HeldState, inputs: readonly Value[]) => TaskEither<DeviceError, readonly HostValue[]>
  /** Frees what the engine holds. Optional: an unreachable executable is freed by the garbage collector. */
  readonly release: () => void
}

/** What a program is compiled for. */
export interface CompileOptions {
  /** How many of the first inputs are the state of `advance`, whose new value the first outputs are; a device may then update it in place. */
  readonly state?: number
}

/** An interpreter of graphs. */
export interface Device {
  readonly name: string
  readonly compile: (graph: Graph, options?: CompileOptions) => TaskEither<CompileError | DeviceError, Executable>
  /** Takes a copy of `state` into the device's ownership. */
  readonly hold: (state: readonly Value[]) => TaskEither<DeviceError, HeldState>
}
