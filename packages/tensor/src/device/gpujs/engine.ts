import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import { GPU } from 'gpu.js'
import type { IKernelRunShortcut } from 'gpu.js'
import type { DeviceError } from '../../errors.js'

/** Backends of gpu.js that this device drives: WebAssembly, and generated JavaScript. Both run on the processor. */
export type GpujsMode = 'webasm' | 'cpu'

/** The device's name in reports and errors. */
export const deviceName = 'gpujs'

/** A kernel of the engine: one thread for each element of the result. Throws `EngineFailure`. */
export interface CompiledKernel {
  readonly run: (operands: readonly Float32Array[]) => Float32Array
  readonly release: () => void
}

/** An instance of gpu.js in one mode. */
export interface Engine {
  readonly mode: GpujsMode
  /** A kernel from the text of its function. Compiled when it first runs. */
  readonly kernel: (source: string, length: number) => CompiledKernel
}

/** Thrown where the engine refuses a kernel, or runs it elsewhere than it was told to. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure'
}

/** The backend that really ran a kernel; gpu.js may degrade with no more than a console message. */
const modeThatRan = ({ kernel }: IKernelRunShortcut): string => {
  // gpu.js declares `mode` as a static member of each backend's class; `constructor` is typed as any function.
  const backend = kernel.constructor as { readonly mode?: string }
  return kernel.fallbackReason === null ? (backend.mode ?? 'unknown') : `${backend.mode ?? 'unknown'} (${kernel.fallbackReason})`
}

const compiled = (gpu: GPU, mode: GpujsMode, source: string, length: number): CompiledKernel => {
  // Loops bounded by arguments stop after 1000 rounds unless told otherwise.
  const kernel = gpu.createKernel(source, { output: [length], precision: 'single' }).setLoopMaxIterations(10_000_000)
  let checked = false
  return {
    run: (operands) => {
      const result = attempt(source, () => kernel(...operands))
      if (!checked) {
        const ran = modeThatRan(kernel)
        if (ran !== mode) throw new EngineFailure(`a kernel ran in mode ${ran} instead of ${mode}: ${source}`)
        checked = true
      }
      if (!(result instanceof Float32Array)) throw new EngineFailure(`a kernel answered no Float32Array: ${source}`)
      return result
    },
    release: () => {
      if (checked) kernel.destroy()
    }
  }
}

const attempt = <A>(source: string, f: () => A): A => {
  try {
    return f()
  } catch (thrown) {
    throw new EngineFailure(`${thrown instanceof Error ? thrown.message : String(thrown)}, in the kernel ${source}`)
  }
}

/** Opens gpu.js and proves with one small kernel that the mode asked for is the one that runs. */
export const openEngine = (mode: GpujsMode): Either<DeviceError, Engine> =>
  E.tryCatch(
    () => {
      const gpu = new GPU({ mode })
      const engine: Engine = { mode, kernel: (source, length) => compiled(gpu, mode, source, length) }
      const probe = engine.kernel('function(a0) { return a0[this.thread.x] + 1; }', 2)
      const [first, second] = probe.run([Float32Array.of(1, 2)])
      probe.release()
      if (first !== 2 || second !== 3) throw new EngineFailure('the probe kernel computed something else')
      return engine
    },
    (thrown): DeviceError => ({
      _tag: 'DeviceMissing',
      device: deviceName,
      message: `gpu.js does not run in mode ${mode}: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      remedy: 'Choose another mode, or the CPU device.'
    })
  )
