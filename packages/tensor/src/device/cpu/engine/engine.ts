import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { ElementType } from '../onnx/schema.js'

/** Arrays that hold a graph's inputs and outputs. */
export type HostArray = Float32Array | Int32Array | Uint32Array | Uint8Array

/** Name, element type and sizes of a graph's input or output. */
export interface Slot {
  readonly name: string
  readonly type: ElementType & ('float' | 'int32' | 'uint32' | 'bool')
  readonly dims: readonly number[]
}

/** What a model takes and gives, in order. */
export interface Signature {
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
}

/** Something the engine said. */
export interface EngineFailure {
  readonly message: string
  /** How many of a program's models had begun to run and may have written their outputs; none where not given. */
  readonly begun?: number
}

/** One of several models that run one after another. Values of the same name are the same. */
export interface StageModel {
  readonly model: Uint8Array
  readonly signature: Signature
}

/** A model that is ready to run. */
export interface Session {
  /**
   * All outputs for these inputs. `spares` are arrays that the engine may write outputs into and answer again; an engine that
   * cannot ignores them and answers fresh ones. Inputs are not changed and not kept, except for those that are spares too.
   */
  readonly run: (inputs: readonly HostArray[], spares: readonly (HostArray | undefined)[]) => TaskEither<EngineFailure, readonly HostArray[]>
  /** Frees the model. A session is not used again afterwards. */
  readonly release: () => void
}

/** A way to run ONNX models. */
export interface Engine {
  /** Library, version and path taken into it. */
  readonly description: string
  /** Whether the event loop stays free while a model runs that is not brief. */
  readonly asynchronous: boolean
  /** `isBrief`: a run takes a millisecond or so, less than it is worth to hand it to another thread. */
  readonly load: (model: Uint8Array, signature: Signature, isBrief?: boolean) => TaskEither<EngineFailure, Session>
  /**
   * Models that run one after another as one: what the signature lacks and a later model takes stays in the engine until then. There only
   * in engines that write into spares.
   */
  readonly loadStages?: (stages: readonly StageModel[], signature: Signature, isBrief?: boolean) => TaskEither<EngineFailure, Session>
}

/** Settings that every engine takes. */
export interface EngineSettings {
  /** Threads that share one operator's work. */
  readonly threads: number
}
