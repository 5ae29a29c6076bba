import type koffi from 'koffi'
import { either as E, taskEither as TE } from 'fp-ts'
import { dataTypeCode } from '../onnx/schema.js'
import { openCApi } from './c-api.js'
import type { CApi, ForeignFunction, Pointer } from './c-api.js'
import { messageOf } from './engine.js'
import type { Engine, EngineFailure, EngineSettings, HostArray, Session, Signature, Slot } from './engine.js'
import type { Library } from './library.js'

/** `ORT_LOGGING_LEVEL_FATAL` (errors come back as values), `ORT_ENABLE_ALL`, and `OrtDeviceAllocator` and `OrtMemTypeDefault` of onnxruntime_c_api.h. */
const logFatal = 4
const optimizeAll = 99
const deviceAllocator = 0
const defaultMemory = 0

const allocators: { readonly [T in Slot['type']]: (length: number) => HostArray } = {
  float: (length) => new Float32Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  bool: (length) => new Uint8Array(length)
}

const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1)

/** Calls on a thread of libuv's pool and answers the checked result. */
const inBackground = (api: CApi, f: ForeignFunction, ...args: readonly unknown[]): Promise<void> =>
  new Promise((resolve, reject) => {
    f.async(...args, (error: unknown, status: Pointer) => {
      try {
        if (error !== null && error !== undefined) throw error
        api.check(status)
        resolve()
      } catch (thrown) {
        reject(thrown)
      }
    })
  })

/** Calls at once, on this thread. */
const atOnce = async (api: CApi, f: ForeignFunction, ...args: readonly unknown[]): Promise<void> => api.check(f(...args))

/** Addresses of things in one array, as C takes lists. */
const list = (addresses: readonly bigint[]): BigUint64Array => BigUint64Array.from(addresses.length === 0 ? [0n] : addresses)

const names = (api: CApi, slots: readonly Slot[]): { readonly pointers: BigUint64Array; readonly bytes: readonly Uint8Array[] } => {
  const bytes = slots.map(({ name }) => new TextEncoder().encode(`${name}\0`))
  return { pointers: list(bytes.map((text) => api.address(text))), bytes }
}

/**
 * The fast path: ONNX Runtime's C interface through koffi. Inputs and outputs are not copied, outputs land in arrays that the
 * caller may reuse, and the event loop stays free during a run. Fails where the library or its interface is not what it must be.
 */
export const cApiEngine = (ffi: typeof koffi, { file, version }: Library, { threads }: EngineSettings): E.Either<EngineFailure, Engine> =>
  E.tryCatch(
    () => {
      const api = openCApi(ffi, file)
      const environment = api.created((out) => api.call.createEnv(logFatal, 'tabula', out))
      const memory = api.created((out) => api.call.createCpuMemoryInfo(deviceAllocator, defaultMemory, out))
      const options = api.created((out) => api.call.createSessionOptions(out))
      api.check(api.call.setIntraOpNumThreads(options, threads))
      api.check(api.call.setSessionGraphOptimizationLevel(options, optimizeAll))
      api.check(api.call.disableMemPattern(options))
      return {
        description: `onnxruntime ${version} through its C interface`,
        asynchronous: true,
        load: (model, signature, isBrief = false) => TE.tryCatch(() => load({ api, environment, memory, options }, model, signature, isBrief), failure)
      }
    },
    failure
  )

const failure = (thrown: unknown): EngineFailure => ({ message: messageOf(thrown) })

interface Runtime {
  readonly api: CApi
  readonly environment: Pointer
  readonly memory: Pointer
  readonly options: Pointer
}

const load = async ({ api, environment, memory, options }: Runtime, model: Uint8Array, signature: Signature, isBrief: boolean): Promise<Session> => {
  const calling = isBrief ? atOnce : inBackground
  const opened: Pointer[] = [null]
  await inBackground(api, api.call.createSessionFromArray, environment, model, model.byteLength, options, opened)
  const session = opened[0]
  const inputNames = names(api, signature.inputs)
  const outputNames = names(api, signature.outputs)
  const shapes = new Map(
    [...signature.inputs, ...signature.outputs].map((slot) => [slot, BigInt64Array.from(slot.dims.length === 0 ? [0n] : slot.dims.map(BigInt))])
  )
  /** What the engine reads and writes in the background, kept from the garbage collector meanwhile. */
  const held = new Set<readonly object[]>()

  /** An `OrtValue` over an array's memory. */
  const wrap = (slot: Slot, array: HostArray): Pointer =>
    api.created((out) =>
      api.call.createTensorWithDataAsOrtValue(memory, array, array.byteLength, shapes.get(slot), slot.dims.length, dataTypeCode[slot.type], out)
    )

  const run = async (inputs: readonly HostArray[], spares: readonly (HostArray | undefined)[]): Promise<readonly HostArray[]> => {
    const outputs = signature.outputs.map((slot, index) => spares[index] ?? allocators[slot.type](size(slot.dims)))
    const wrapped: Pointer[] = []
    const arrays: object[] = [...inputs, ...outputs]
    held.add(arrays)
    const wrapAll = (slots: readonly Slot[], from: readonly HostArray[]): BigUint64Array => {
      const addresses = list(
        slots.map((slot, index) => {
          const array = from[index]
          if (array === undefined) throw new Error(`no array for ${slot.name}`)
          const value = wrap(slot, array)
          wrapped.push(value)
          return api.addressOf(value)
        })
      )
      arrays.push(addresses)
      return addresses
    }
    try {
      const inputValues = wrapAll(signature.inputs, inputs)
      const outputValues = wrapAll(signature.outputs, outputs)
      await calling(
        api,
        api.call.run,
        session,
        null,
        inputNames.pointers,
        inputValues,
        signature.inputs.length,
        outputNames.pointers,
        signature.outputs.length,
        outputValues
      )
      return outputs
    } finally {
      held.delete(arrays)
      for (const value of wrapped) api.call.releaseValue(value)
    }
  }

  return {
    run: (inputs, spares) => TE.tryCatch(() => run(inputs, spares), failure),
    release: () => {
      api.call.releaseSession(session)
    }
  }
}
