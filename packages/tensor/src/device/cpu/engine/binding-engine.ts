import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { taskEither as TE } from 'fp-ts'
import { messageOf } from '../../../errors.js'
import type { Engine, EngineFailure, EngineSettings, HostArray, Slot } from './engine.js'

/** What this engine uses of the package onnxruntime-node. */
export interface Binding {
  readonly InferenceSession: { readonly create: (model: Uint8Array, options: InferenceSession.SessionOptions) => Promise<InferenceSession> }
  readonly Tensor: typeof Tensor
}

const tensorTypes = { float: 'float32', int32: 'int32', uint32: 'uint32', bool: 'bool' } as const

const failure = (thrown: unknown): EngineFailure => ({ message: messageOf(thrown) })

/** The array inside a tensor that the engine answered. */
const arrayOf = (slot: Slot, tensor: { readonly data: unknown } | undefined): HostArray => {
  const data = tensor?.data
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint32Array || data instanceof Uint8Array) return data
  throw new Error(`The engine answered nothing usable for ${slot.name}.`)
}

/**
 * The safe path: the package's own binding. Outputs are copied into fresh arrays at every run, and the event loop stands still
 * while a model runs.
 */
export const bindingEngine = ({ InferenceSession: Sessions, Tensor: TensorClass }: Binding, version: string, { threads }: EngineSettings): Engine => ({
  description: `onnxruntime ${version} through its Node.js binding`,
  asynchronous: false,
  load: (model, { inputs: inputSlots, outputs: outputSlots }) =>
    TE.tryCatch(async () => {
      const session = await Sessions.create(model, {
        intraOpNumThreads: threads,
        graphOptimizationLevel: 'all',
        enableMemPattern: false,
        enableCpuMemArena: true,
        logSeverityLevel: 4
      })
      return {
        run: (inputs: readonly HostArray[]) =>
          TE.tryCatch(async () => {
            const feeds = inputSlots.map((slot, index) => [slot.name, new TensorClass(tensorTypes[slot.type], inputs[index] as never, slot.dims)] as const)
            const fetched = await session.run(Object.fromEntries(feeds))
            return outputSlots.map((slot) => arrayOf(slot, fetched[slot.name]))
          }, failure),
        release: () => {
          // The binding frees a session in the background; there is nobody to tell if that fails.
          session.release().catch(() => undefined)
        }
      }
    }, failure)
})
