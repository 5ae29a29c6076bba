import { Texture } from 'gpu.js'
import type { GPU, IGPUTextureSettings, IKernelRunShortcut } from 'gpu.js'
import { messageOf } from '../../../errors.js'
import { EngineFailure } from './engine.js'
import type { GpujsMode, KernelSource } from './engine.js'
import type { Tally } from './tally.js'
import { memoryPool, shareMemory } from './wasm-memory.js'
import type { WasmKernel } from './wasm-memory.js'

/** How a mode's kernels are made. */
export interface KernelSettings {
  /** Whether results stay on the adapter as handles. */
  readonly handles: boolean
  /** Whether the sizes of results and arguments are part of the compiled kernel, so that other sizes need another one. */
  readonly fixedSizes: boolean
}

/** The kernels of one engine, compiled when first asked for. */
export interface KernelCache {
  /** The kernel for this text, these threads and arguments of these kinds, set to the threads. Throws `EngineFailure`. */
  readonly kernelFor: (kernel: KernelSource, seats: readonly string[]) => CachedKernel
  readonly destroy: () => void
}

/** A kernel of gpu.js that is called with arrays or handles, then scalars. */
export interface CachedKernel {
  readonly kernel: IKernelRunShortcut
  readonly call: (args: readonly unknown[]) => unknown
  /** Whether it has run before: the first call compiles. */
  readonly compiled: boolean
  /** Records that the first call is over, and throws `EngineFailure` unless the mode asked for is the one that ran. */
  readonly ran: (milliseconds: number) => void
}

/** The first words of what went wrong, with the kernel's text. */
export const failureOf = (thrown: unknown, source: string): EngineFailure =>
  thrown instanceof EngineFailure ? thrown : new EngineFailure(`${messageOf(thrown)}, in the kernel ${source}`)

/** The backend that runs a kernel, with the reason where gpu.js has degraded it. */
const modeOf = (gpu: GPU, { kernel }: IKernelRunShortcut): string => {
  // gpu.js declares `mode` as a static member of each backend's class; `constructor` is typed as any function. Its own `mode` and
  // `Kernel`, what it was told to use and the class that it took for that, are not declared at all.
  const { mode = 'unknown' } = kernel.constructor as { readonly mode?: string }
  const chosen = gpu as { readonly mode?: string; readonly Kernel?: unknown }
  // All backends on WebGL call themselves so; the class tells them apart.
  const ran = mode === 'gpu' && kernel.constructor === chosen.Kernel ? (chosen.mode ?? mode) : mode
  return typeof kernel.fallbackReason === 'string' ? `${ran} (${kernel.fallbackReason})` : ran
}

/** Sizes of threads without what is left out. */
export const threadsOf = ([x, y, z]: KernelSource['output']): number[] => (y === undefined ? [x] : z === undefined ? [x, y] : [x, y, z])

/** The texture of WebGL that a texture of gpu.js stands for, which gpu.js does not declare. */
const drawnInto = (texture: Texture): IGPUTextureSettings['texture'] => (texture as unknown as IGPUTextureSettings).texture

interface Entry extends CachedKernel {
  threads: string
  compiled: boolean
}

const scalarKind = (scalar: number): string => (Number.isInteger(scalar) ? 'i' : 'f')

/**
 * A cache whose key is the text, the rank of the threads, the kind of each seat (a seat that sees two kinds breaks on some backends)
 * and, where the mode bakes them in, sizes. Loops bounded by arguments stop after 1,000 rounds unless told otherwise.
 */
export const kernelCache = (gpu: GPU, mode: GpujsMode, { handles, fixedSizes }: KernelSettings, tally: Tally): KernelCache => {
  const entries = new Map<string, Entry>()
  const memoryFor = memoryPool()

  const made = (source: string, threads: number[], key: string): Entry => {
    const kernel = gpu
      .createKernel(source, {
        output: threads,
        precision: 'single',
        tactic: 'precision',
        pipeline: handles,
        immutable: true,
        dynamicOutput: !fixedSizes,
        dynamicArguments: !fixedSizes
      })
      .setLoopMaxIterations(10_000_000)
    // gpu.js declares no class for its WebAssembly kernels; in this mode it makes no others.
    if (mode === 'webasm') shareMemory(kernel.kernel as unknown as WasmKernel, memoryFor)
    const checkMode = (): void => {
      const ran = modeOf(gpu, kernel)
      if (ran !== mode) throw new EngineFailure(`a kernel ran in mode ${ran} instead of ${mode}: ${source}`)
    }
    const entry: Entry = {
      kernel,
      threads: key,
      compiled: false,
      call: (args) => {
        try {
          // A kernel of WebGL whose argument is what it drew last would draw into what it read of itself the time before, whatever size that
          // had. Set to its threads again, it draws a new texture.
          if (handles && entry.compiled && args.some((argument) => argument instanceof Texture && drawnInto(argument) === drawnInto(kernel.kernel.texture))) kernel.setOutput(kernel.output)
          // The arguments are arrays, handles of this engine and numbers, as its seats were compiled for.
          const result: unknown = kernel(...(args as Parameters<typeof kernel>))
          if (entry.compiled) checkMode()
          return result
        } catch (thrown) {
          throw failureOf(thrown, source)
        }
      },
      ran: (milliseconds) => {
        // WebAssembly modules are counted where they are made.
        if (!entry.compiled && mode === 'webasm') tally.spent(milliseconds)
        else if (!entry.compiled) tally.compiled(source, milliseconds)
        entry.compiled = true
        checkMode()
      }
    }
    return entry
  }

  return {
    kernelFor: ({ source, output, scalars }, seats) => {
      const threads = threadsOf(output)
      const sizes = threads.join('x')
      const key = [source, fixedSizes ? sizes : threads.length, ...seats, ...scalars.map(scalarKind)].join('|')
      const known = entries.get(key)
      if (known === undefined) {
        const entry = made(source, threads, sizes)
        entries.set(key, entry)
        return entry
      }
      if (known.threads !== sizes) {
        try {
          known.kernel.setOutput(threads)
        } catch (thrown) {
          throw failureOf(thrown, source)
        }
        known.threads = sizes
      }
      return known
    },
    destroy: () => {
      entries.forEach(({ kernel, compiled }) => {
        if (compiled) kernel.destroy()
      })
      entries.clear()
    }
  }
}

/** The numbers of a result of any rank as one array; nested results are rows. `undefined` for anything else. */
export const flattened = (result: unknown, length: number): Float32Array | undefined => {
  if (result instanceof Float32Array) return result.length === length ? result : result.subarray(0, length)
  if (!Array.isArray(result)) return undefined
  const rows: readonly unknown[] = result.flat(1)
  const [first] = rows
  // Rows of one array that the engine has just made for this result.
  if (first instanceof Float32Array && first.byteOffset === 0 && first.buffer.byteLength === length * 4 && rows.length > 1) return new Float32Array(first.buffer)
  const all = new Float32Array(length)
  let offset = 0
  for (const row of rows) {
    if (!(row instanceof Float32Array)) return undefined
    all.set(row, offset)
    offset += row.length
  }
  return offset === length ? all : undefined
}
