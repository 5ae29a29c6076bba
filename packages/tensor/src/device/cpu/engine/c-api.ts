import type koffi from 'koffi'

type Koffi = typeof koffi

/** A pointer, as koffi shows it. */
export type Pointer = unknown

/** A C function: called at once, or on a thread of libuv's pool with a callback `(error, result)` as the last argument. */
export interface ForeignFunction {
  (...args: readonly unknown[]): Pointer
  readonly async: (...args: readonly unknown[]) => void
}

/** What a parameter is: an address that goes in, an address that comes out, or a number. */
type Parameter = 'in' | 'out' | 'int' | 'size_t' | 'int64_t' | 'str'

/** Seats in the `OrtApi` table and their parameters (onnxruntime_c_api.h). The table only ever grows, so a seat never moves. */
const functions = {
  createEnv: [3, ['int', 'str', 'out']],
  createSessionFromArray: [8, ['in', 'in', 'size_t', 'in', 'out']],
  run: [9, ['in', 'in', 'in', 'in', 'size_t', 'in', 'size_t', 'in']],
  createSessionOptions: [10, ['out']],
  disableMemPattern: [17, ['in']],
  setSessionGraphOptimizationLevel: [23, ['in', 'int']],
  setIntraOpNumThreads: [24, ['in', 'int']],
  createTensorWithDataAsOrtValue: [49, ['in', 'in', 'size_t', 'in', 'size_t', 'int', 'out']],
  createCpuMemoryInfo: [69, ['int', 'int', 'out']],
  releaseEnv: [92, ['in']],
  releaseStatus: [93, ['in']],
  releaseMemoryInfo: [94, ['in']],
  releaseSession: [95, ['in']],
  releaseValue: [96, ['in']],
  releaseSessionOptions: [100, ['in']],
  addSessionConfigEntry: [130, ['in', 'str', 'str']],
  createAndRegisterAllocator: [144, ['in', 'in', 'in']],
  createArenaCfg: [156, ['size_t', 'int', 'int', 'int', 'out']],
  releaseArenaCfg: [157, ['in']]
} as const satisfies { readonly [name: string]: readonly [number, readonly Parameter[]] }

type FunctionName = keyof typeof functions

/** Seat of `const char *GetErrorMessage(const OrtStatus *)`. */
const errorMessageSeat = 2

/** The version of the table that is asked for: that of ONNX Runtime 1.20, the first with the opset that models declare. */
const apiVersion = 20

/** Kernels run on the stack that koffi lends to a call; 128 KiB, its default for asynchronous calls, is too little for them. */
const stackBytes = 8 << 20

/** The part of ONNX Runtime's C interface that running a model takes. */
export interface CApi {
  readonly call: { readonly [Name in FunctionName]: ForeignFunction }
  /** Throws the message of a status that is not null. */
  readonly check: (status: Pointer) => void
  /** What a function writes through its last parameter. Throws the message of its status. */
  readonly created: (create: (out: Pointer[]) => Pointer) => Pointer
  /** The address of an array's memory. */
  readonly address: (array: ArrayBufferView) => bigint
  readonly addressOf: (pointer: Pointer) => bigint
  /**
   * The open library. koffi closes a library that nothing refers to, and functions from the table do not count: whoever holds
   * a function must hold this too, or the next call jumps into unmapped memory.
   */
  readonly library: object
}

/** Opens the shared library and reads its function table. Throws where the library or the version is not there. */
export const openCApi = (ffi: Koffi, file: string): CApi => {
  const { sync_stack_size = 0, async_stack_size = 0 } = ffi.config()
  if (Math.min(sync_stack_size, async_stack_size) < stackBytes) ffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes })

  const library = ffi.load(file)
  const pointer = ffi.pointer('void')
  const types = { in: pointer, out: ffi.out(ffi.pointer(pointer)), int: 'int', size_t: 'size_t', int64_t: 'int64_t', str: 'const char *' } as const
  const base: Pointer = library.func('OrtGetApiBase', pointer, [])()
  const getApi: ForeignFunction = ffi.decode(ffi.decode(base, 0, pointer), ffi.proto(null, pointer, ['uint32_t']))
  const table = getApi(apiVersion)
  if (table === null || table === 0n) throw new Error(`${file} has no interface of version ${apiVersion}.`)

  const seat = (index: number): Pointer => ffi.decode(table, index * 8, pointer)
  const bind = (name: FunctionName): ForeignFunction => {
    const [index, parameters] = functions[name]
    return ffi.decode(seat(index), ffi.proto(null, pointer, parameters.map((parameter) => types[parameter])))
  }
  const errorMessage: (status: Pointer) => string = ffi.decode(seat(errorMessageSeat), ffi.proto(null, 'const char *', [pointer]))
  const call: CApi['call'] = {
    createEnv: bind('createEnv'),
    createSessionFromArray: bind('createSessionFromArray'),
    run: bind('run'),
    createSessionOptions: bind('createSessionOptions'),
    disableMemPattern: bind('disableMemPattern'),
    setSessionGraphOptimizationLevel: bind('setSessionGraphOptimizationLevel'),
    setIntraOpNumThreads: bind('setIntraOpNumThreads'),
    createTensorWithDataAsOrtValue: bind('createTensorWithDataAsOrtValue'),
    createCpuMemoryInfo: bind('createCpuMemoryInfo'),
    releaseEnv: bind('releaseEnv'),
    releaseStatus: bind('releaseStatus'),
    releaseMemoryInfo: bind('releaseMemoryInfo'),
    releaseSession: bind('releaseSession'),
    releaseValue: bind('releaseValue'),
    releaseSessionOptions: bind('releaseSessionOptions'),
    addSessionConfigEntry: bind('addSessionConfigEntry'),
    createAndRegisterAllocator: bind('createAndRegisterAllocator'),
    createArenaCfg: bind('createArenaCfg'),
    releaseArenaCfg: bind('releaseArenaCfg')
  }
  const check = (status: Pointer): void => {
    if (status === null || status === 0n) return
    const message = errorMessage(status)
    call.releaseStatus(status)
    throw new Error(message)
  }
  const created: CApi['created'] = (create) => {
    const result: Pointer[] = [null]
    check(create(result))
    return result[0]
  }
  return { call, check, created, address: (array) => ffi.address(array), addressOf: (value) => ffi.address(value), library }
}
