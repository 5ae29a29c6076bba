import type koffi from 'koffi'
import { either as E, taskEither as TE } from 'fp-ts'
import { dataTypeCode } from '../onnx/schema.js'
import { openCApi } from './c-api.js'
import type { CApi, ForeignFunction, Pointer } from './c-api.js'
import { messageOf } from '../../../errors.js'
import type { Engine, EngineFailure, EngineSettings, HostArray, Session, Signature, Slot, StageModel } from './engine.js'
import type { Library } from './library.js'
import { shareMemory, trimmer } from './memory.js'

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
      shareMemory(api, environment, options)
      const trim = trimmer(ffi)
      const loadStages = (stages: readonly StageModel[], signature: Signature, isBrief = false): TE.TaskEither<EngineFailure, Session> =>
        TE.tryCatch(() => load({ api, environment, memory, options, trim }, stages, signature, isBrief), failure)
      return {
        description: `onnxruntime ${version} through its C interface`,
        asynchronous: true,
        load: (model, signature, isBrief) => loadStages([{ model, signature }], signature, isBrief),
        loadStages
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
  readonly trim: () => Promise<void>
}

/** A loaded model with the names of its inputs and outputs, as C takes them. */
interface Opened {
  readonly session: Pointer
  readonly signature: Signature
  readonly inputs: ReturnType<typeof names>
  readonly outputs: ReturnType<typeof names>
}

const open = async ({ api, environment, options }: Runtime, { model, signature }: StageModel): Promise<Opened> => {
  const opened: Pointer[] = [null]
  await inBackground(api, api.call.createSessionFromArray, environment, model, model.byteLength, options, opened)
  return { session: opened[0], signature, inputs: names(api, signature.inputs), outputs: names(api, signature.outputs) }
}

const load = async (runtime: Runtime, stages: readonly StageModel[], signature: Signature, isBrief: boolean): Promise<Session> => {
  const { api, memory } = runtime
  const calling = isBrief ? atOnce : inBackground
  const models: Opened[] = []
  const release = (): void => models.forEach(({ session }) => api.call.releaseSession(session))
  try {
    for (const stage of stages) models.push(await open(runtime, stage))
    if (!isBrief) await runtime.trim()
  } catch (thrown) {
    release()
    throw thrown
  }
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

  const run = async (inputs: readonly HostArray[], spares: readonly (HostArray | undefined)[], begin: () => void): Promise<readonly HostArray[]> => {
    const outputs = signature.outputs.map((slot, index) => spares[index] ?? allocators[slot.type](size(slot.dims)))
    const arrays: object[] = [...inputs, ...outputs]
    held.add(arrays)
    /** Addresses of `OrtValue`s by name. */
    const values = new Map<string, bigint>()
    const wrapAll = (slots: readonly Slot[], from: readonly HostArray[]): void =>
      slots.forEach((slot, index) => {
        const array = from[index]
        if (array === undefined) throw new Error(`no array for ${slot.name}`)
        values.set(slot.name, api.addressOf(wrap(slot, array)))
      })
    /** 0 is a value that the engine makes. */
    const addresses = (slots: readonly Slot[]): BigUint64Array => {
      const found = list(slots.map(({ name }) => values.get(name) ?? 0n))
      arrays.push(found)
      return found
    }
    try {
      wrapAll(signature.inputs, inputs)
      wrapAll(signature.outputs, outputs)
      for (const model of models) {
        const { inputs: inputSlots, outputs: outputSlots } = model.signature
        const inputValues = addresses(inputSlots)
        const outputValues = addresses(outputSlots)
        begin()
        await calling(
          api,
          api.call.run,
          model.session,
          null,
          model.inputs.pointers,
          inputValues,
          inputSlots.length,
          model.outputs.pointers,
          outputSlots.length,
          outputValues
        )
        outputSlots.forEach(({ name }, index) => values.set(name, outputValues[index] ?? 0n))
      }
      return outputs
    } finally {
      held.delete(arrays)
      for (const value of values.values()) api.call.releaseValue(value)
    }
  }

  return {
    run: (inputs, spares) => async () => {
      let begun = 0
      try {
        return E.right(await run(inputs, spares, () => begun++))
      } catch (thrown) {
        return E.left({ ...failure(thrown), begun })
      }
    },
    release
  }
}
