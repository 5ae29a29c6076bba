import type { Layout, ModuleMaker } from './wasm-modules.js'

/**
 * gpu.js gives every WebAssembly kernel a memory of its own for every size it runs at. A browser reserves gigabytes of address space for each
 * and refuses after about a hundred, which a training step exceeds. A kernel's memory holds nothing between two calls (arguments are copied in,
 * the result is copied out), so kernels of about one size can share one.
 */

/** The part of WebAssembly's interface that is used here; every runtime of mode `webasm` has it, none of TypeScript's libraries without a DOM does. */
interface Memory {
  readonly buffer: ArrayBuffer
}
interface Instance {
  readonly exports: Readonly<Record<string, unknown>>
}
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: { readonly env: Readonly<Record<string, unknown>> }) => Instance
}

/** A module of a kernel for arguments and threads of certain sizes, as gpu.js keeps it. */
interface Instantiated {
  readonly id: number
  readonly sizeSignature: string
  readonly shared: boolean
  readonly layout: Layout
  readonly cells: number
  readonly bytes: Uint8Array
  readonly module: object
  readonly memory: Memory
  readonly mathImports: readonly string[]
  readonly sizeX: number
  readonly instance: Instance
  readonly run: unknown
  readonly runSimd: unknown
  readonly f32: Float32Array
  readonly i32: Int32Array
}

/** The parts of gpu.js 2.24.1's WebAssembly kernel that keep its modules (`src/backend/web-assembly/kernel.js`). */
export interface WasmKernel extends ModuleMaker {
  readonly _moduleCache: Map<string, Instantiated>
  readonly computeLayout: (args: unknown) => Layout
  _instantiate: (key: string, args: unknown) => void
  _active: Instantiated | undefined
}

/** Pages of the largest memory that gpu.js's modules accept, unless they need more. */
const mostPages = 4096

/** Memories by their pages: the next power of two, from 2 MiB to 256 MiB; a kernel that needs more has one of its own. */
export const memoryPool = (): ((initial: number, maximum: number) => Memory) => {
  const memories = new Map<number, Memory>()
  return (initial, maximum) => {
    if (maximum > mostPages) return new WebAssembly.Memory({ initial, maximum })
    const pages = Math.max(32, 2 ** Math.ceil(Math.log2(initial)))
    const known = memories.get(pages)
    if (known !== undefined) return known
    const made = new WebAssembly.Memory({ initial: pages, maximum })
    memories.set(pages, made)
    return made
  }
}

/** Lets a kernel's modules, of all sizes, take their memory from a pool. */
export const shareMemory = (kernel: WasmKernel, memoryFor: ReturnType<typeof memoryPool>): void => {
  kernel._instantiate = (key, args) => {
    const known = kernel._moduleCache.get(key)
    if (known !== undefined) {
      kernel._active = known
      return
    }
    const layout = kernel.computeLayout(args)
    const cells = kernel.threadDim.reduce((product, size) => product * size, 1)
    const { bytes, initial, maximum } = kernel._assembleModule(layout, cells, false)
    const memory = memoryFor(initial, maximum)
    const mathImports = [...kernel.usedMathImports].sort()
    const math = new Map(Object.getOwnPropertyNames(Math).map((name) => [name, Object.getOwnPropertyDescriptor(Math, name)?.value]))
    const module = new WebAssembly.Module(bytes)
    const instance = new WebAssembly.Instance(module, { env: { memory, ...Object.fromEntries(mathImports.map((name) => [`math_${name}`, math.get(name)])) } })
    const { run, run_simd: runSimd = null } = instance.exports
    kernel._active = {
      id: 0,
      sizeSignature: key,
      shared: false,
      layout,
      cells,
      bytes,
      module,
      memory,
      mathImports,
      sizeX: kernel.threadDim[0] ?? 1,
      instance,
      run,
      runSimd,
      f32: new Float32Array(memory.buffer),
      i32: new Int32Array(memory.buffer)
    }
    kernel._moduleCache.set(key, kernel._active)
  }
}
