import { GPU, Input } from 'gpu.js'
import { now } from './clock.js'
import type { Engine, FusedSegment, GpujsMode, KernelSource, Resident, Segment } from './engine.js'
import { EngineFailure, rowLength, storageOf } from './engine.js'
import { fusedPipeline } from './fused.js'
import { flattened, kernelCache } from './kernels.js'
import type { Tally } from './tally.js'
import { resultLength } from './upload.js'
import { translateOnce } from './wasm-modules.js'

interface ArrayResident extends Resident {
  /** With the last row's padding. Never written to again. */
  readonly values: Float32Array
  readonly sizes: ReturnType<typeof storageOf>
}

/** Values with the padding of their storage. */
export const padded = (values: Float32Array): Float32Array => {
  const length = storageOf(values.length).reduce((product, size) => product * size, 1)
  if (length === values.length) return values
  const all = new Float32Array(length)
  all.set(values)
  return all
}

/** How a result lies: in rows where its threads are rows, else flat. */
const sizesOf = ({ output: [x, y, z], elements }: KernelSource): ReturnType<typeof storageOf> => (x === rowLength && y !== undefined && z === undefined ? [x, y] : [elements])

/** gpu.js declares arrays of numbers here, and takes typed ones as its own examples do. */
const argumentOf = ({ values, sizes }: ArrayResident): Input => new Input(values as unknown as number[], [...sizes])

/** gpu.js on the processor: values are arrays in the host's memory, which kernels take and answer. */
export const arrayEngine = (mode: Extract<GpujsMode, 'webasm' | 'cpu'>, tally: Tally): Engine => {
  const gpu = new GPU({ mode })
  if (mode === 'webasm') translateOnce(gpu, (source) => tally.compiled(source, 0))
  const cache = kernelCache(gpu, mode, { handles: false, fixedSizes: mode === 'cpu' }, tally)
  const residents = new WeakMap<Resident, ArrayResident>()

  const keep = (elements: number, values: Float32Array, sizes: ReturnType<typeof storageOf>): Resident => {
    const resident: ArrayResident = { elements, values, sizes }
    residents.set(resident, resident)
    tally.made(values.byteLength)
    return resident
  }
  const find = (value: Resident): ArrayResident => {
    const found = residents.get(value)
    if (found === undefined) throw new EngineFailure('a value was used after its release, or belongs to another engine')
    return found
  }

  const keepResult = (kernel: KernelSource, result: unknown): Resident => {
    const values = flattened(result, resultLength(kernel))
    if (values === undefined) throw new EngineFailure(`a kernel answered something else than numbers: ${kernel.source}`)
    return keep(kernel.elements, values, sizesOf(kernel))
  }
  const fuse = (segment: Segment): FusedSegment => {
    const fused = fusedPipeline(gpu, segment, tally)
    return {
      run: async (inputs) => {
        const results = await fused.run(inputs.map((input) => argumentOf(find(input))))
        return results?.map(([kernel, result]) => keepResult(kernel, result))
      },
      release: fused.release
    }
  }

  return {
    mode,
    ...(mode === 'webasm' ? { fuse } : {}),
    adapter: mode === 'webasm' ? 'WebAssembly' : 'generated JavaScript',
    software: true,
    texels: false,
    upload: (values) => {
      tally.uploaded()
      const own = padded(values)
      return keep(values.length, own === values ? values.slice() : own, storageOf(values.length))
    },
    dispatch: (kernel, arrays) => {
      const operands = arrays.map(find)
      const compiled = cache.kernelFor(kernel, mode === 'cpu' ? operands.map(({ sizes }) => sizes.join('x')) : [])
      const first = !compiled.compiled
      const started = now()
      const result = compiled.call([...operands.map(argumentOf), ...kernel.scalars])
      if (first) compiled.ran(now() - started)
      tally.dispatched()
      return keepResult(kernel, result)
    },
    read: (value) => {
      tally.read()
      try {
        const { values, elements } = find(value)
        return Promise.resolve(values.length === elements ? values : values.subarray(0, elements))
      } catch (thrown) {
        return Promise.reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
      }
    },
    release: (value) => {
      const found = residents.get(value)
      if (found === undefined) return
      residents.delete(value)
      tally.released(found.values.byteLength)
    },
    settled: () => Promise.resolve(),
    announce: tally.announced,
    withdraw: tally.withdrawn,
    counts: tally.counts,
    close: cache.destroy
  }
}
