/** Backends of gpu.js that a device can drive. `webasm` and `cpu` run on the processor, the others on a graphics adapter. */
export type GpujsMode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm' | 'cpu'

/** The device's name in reports and errors. */
export const deviceName = 'gpujs'

/** The most array seats that a kernel may have: WebGPU binds eight buffers, of which one is the result and one is spare. */
export const mostSeats = 6

/**
 * Elements of one row where a tensor is stored as rows: indices are f32 in every backend and the engine's own index arithmetic is
 * exact in each dimension, not over the flat index of a large array.
 */
export const rowLength = 4096

/** Up to here a tensor is stored flat: indices are f32 in every backend, and quotients of indices are exact to 2²³. */
export const mostFlatElements = 2 ** 23

/** How a tensor of so many elements lies in an engine: row-major in one row, or in rows of `rowLength` of which the last is padded. */
export const storageOf = (elements: number): readonly [x: number] | readonly [x: number, y: number] =>
  elements <= mostFlatElements ? [elements] : [rowLength, Math.ceil(elements / rowLength)]

/**
 * The numbers of a tensor that an engine keeps, in row-major order as `storageOf` says. Belongs to the engine that made it,
 * until `release`.
 */
export interface Resident {
  readonly elements: number
}

/**
 * The text of a kernel and the numbers that make it one computation. Nothing that varies with a tensor's size need be in the text:
 * one text serves every size of a class of shapes and is compiled once.
 */
export interface KernelSource {
  /** `function(a0, a1, …, s0, s1, …) { … }`: arrays first, then scalars. Answers one number for each thread, or four. */
  readonly source: string
  /**
   * Whether it answers four numbers for each thread, `[x, y, z, w]`, which lie next to one another in the result: texels, where the engine has them.
   * Only a kernel that reads whole texels takes such a result, as `const t = a0[i]`, then `t[0]` to `t[3]`.
   */
  readonly texels?: true
  /** How many arrays the function takes, at most `mostSeats`. One of more than `mostFlatElements` elements is read as `a[y][x]`. */
  readonly arrays: number
  /** The scalar arguments: sizes, strides, bounds of loops. */
  readonly scalars: readonly number[]
  /** Elements of the result. */
  readonly elements: number
  /**
   * Threads along x, y and z. Their results in that order, x fastest, are the result's elements; where `elements` exceeds
   * `mostFlatElements` it must be `storageOf(elements)`, and what the last row's padding answers is never read.
   */
  readonly output: readonly [x: number, y?: number, z?: number]
}

/** Kernels that run in one go. Values are numbered: the inputs first, then each kernel's result. */
export interface Segment {
  readonly inputs: number
  readonly kernels: readonly { readonly kernel: KernelSource; readonly operands: readonly number[] }[]
  /** The results that are kept. */
  readonly outputs: readonly number[]
}

/** A segment made ready by an engine. */
export interface FusedSegment {
  /** Answers the outputs, or `undefined` where the engine will not run these kernels in one go. */
  readonly run: (inputs: readonly Resident[]) => Promise<readonly Resident[] | undefined>
  readonly release: () => void
}

/** What an engine has done and holds. */
export interface EngineCounts {
  /** Distinct texts that were compiled. */
  readonly texts: number
  /** Distinct texts of programs that are going to be compiled when these run. */
  readonly pending: number
  /** Kernels of the engine that were compiled: a text counts again for each kind of seats, and in mode `webasm` for each place of its arrays, that needs its own. */
  readonly kernels: number
  /** Milliseconds spent in first calls, which compile. */
  readonly compileMilliseconds: number
  readonly dispatches: number
  /** How often kernels were handed to the adapter's queue, where that is not each by itself (WebGPU); else 0. */
  readonly submissions: number
  readonly uploads: number
  readonly reads: number
  /** Residents that are not released. */
  readonly live: number
  /** Bytes of these. */
  readonly liveBytes: number
  /** The most of `liveBytes` so far. */
  readonly peakBytes: number
}

/** Thrown where the engine refuses a kernel, runs it elsewhere than it was told to, or is lost. Becomes an error value at the device's border. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure'
}

/** gpu.js in one mode: numbers that stay in it, and kernels over them. Methods throw (and promises reject with) `EngineFailure`. */
export interface Engine {
  readonly mode: GpujsMode
  /** The adapter or processor under the mode, for reports. */
  readonly adapter: string
  /** Whether a program draws the adapter's work on the processor, as far as the adapter says. */
  readonly software: boolean
  /** Whether kernels may answer four numbers for each thread, and read them. */
  readonly texels: boolean
  /** Says which texts a program is going to run, so that it is known how many are left to compile. */
  readonly announce: (sources: readonly string[]) => void
  /** Takes that back for those that have not been compiled, because the program did not need them. */
  readonly withdraw: (sources: readonly string[]) => void
  /** Copies values in. At least one element. */
  readonly upload: (values: Float32Array) => Resident
  /**
   * Runs a kernel. It is compiled when first used; where the mode compiles or runs asynchronously, failures show when `settled`
   * or `read` is awaited.
   */
  readonly dispatch: (kernel: KernelSource, arrays: readonly Resident[]) => Resident
  /** Makes a segment ready, where that is faster than one kernel after the other. Compiled when it first runs. */
  readonly fuse?: (segment: Segment) => FusedSegment
  /** A copy of the values, or the engine's own array where it never changes: treat it as read-only. */
  readonly read: (value: Resident) => Promise<Float32Array>
  /** Gives the value's memory back, after the kernels that were asked for before and still read it. */
  readonly release: (value: Resident) => void
  /** Resolves when all that was dispatched is under way without a failure. */
  readonly settled: () => Promise<void>
  readonly counts: () => EngineCounts
  /** Destroys kernels and values. */
  readonly close: () => void
}
