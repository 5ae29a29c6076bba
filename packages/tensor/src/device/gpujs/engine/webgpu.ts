import { GPU, Input } from 'gpu.js'
import { messageOf } from '../../../errors.js'
import { isSoftwareAdapter } from './adapter.js'
import { padded } from './arrays.js'
import { now } from './clock.js'
import type { Engine, KernelSource, Resident } from './engine.js'
import { EngineFailure, storageOf } from './engine.js'
import { flattened, kernelCache } from './kernels.js'
import { submissionsTo } from './submissions.js'
import type { Submissions } from './submissions.js'
import type { Tally } from './tally.js'
import { resultLength, uploadKernel } from './upload.js'

/** The handle that gpu.js answers on WebGPU, which it does not declare. */
interface BufferHandle {
  readonly type: 'WebGPUBuffer'
  readonly toArray: () => Promise<unknown>
  readonly delete: () => void
  readonly context: {
    readonly isLost: boolean
    readonly adapter: { readonly info?: Readonly<Record<string, unknown>>; readonly isFallbackAdapter?: boolean }
    readonly device: Parameters<typeof submissionsTo>[0] & {
      readonly lost: Promise<{ readonly reason?: string; readonly message: string }>
      readonly addEventListener: (type: 'uncapturederror', listener: (event: { readonly error: { readonly message: string } }) => void) => void
      readonly removeEventListener: (type: 'uncapturederror', listener: (event: { readonly error: { readonly message: string } }) => void) => void
    }
  }
}

const isHandle = (value: unknown): value is BufferHandle => typeof value === 'object' && value !== null && 'type' in value && value.type === 'WebGPUBuffer'

interface BufferResident extends Resident {
  readonly length: number
  /** There once the kernel is on the queue. */
  handle: BufferHandle | undefined
}

const adapterOf = ({ context: { adapter } }: BufferHandle): string =>
  ['vendor', 'architecture', 'device', 'description']
    .map((field) => adapter.info?.[field])
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ') || 'an adapter without a name'

/**
 * gpu.js on WebGPU: values are storage buffers. A first call compiles asynchronously, so all work is a queue of its own: a kernel
 * is handed over when those before it are, and a value is deleted when the kernels that read it are on the device's queue. What
 * fails in the queue fails everything after it.
 */
export const webgpuEngine = async (tally: Tally): Promise<Engine> => {
  const gpu = new GPU({ mode: 'webgpu' })
  const cache = kernelCache(gpu, 'webgpu', { handles: true, fixedSizes: false }, tally)
  const residents = new Map<Resident, BufferResident>()
  /** There once the device is known. */
  const own: { submissions: Submissions | undefined } = { submissions: undefined }
  let failure: EngineFailure | undefined
  let tail: Promise<void> = Promise.resolve()

  const fail = (thrown: unknown): EngineFailure => {
    failure ??= thrown instanceof EngineFailure ? thrown : new EngineFailure(messageOf(thrown))
    return failure
  }
  const alive = (): void => {
    if (failure !== undefined) throw failure
  }
  const queued = (work: () => Promise<void> | void): void => {
    tail = tail.then(async () => {
      if (failure !== undefined) return
      try {
        await work()
      } catch (thrown) {
        fail(thrown)
      }
    })
  }
  const find = (value: Resident): BufferResident => {
    const found = residents.get(value)
    if (found === undefined) throw new EngineFailure('a value was used after its release, or belongs to another engine')
    return found
  }
  const handleOf = ({ handle }: BufferResident): BufferHandle => {
    if (handle === undefined) throw new EngineFailure('a value is read before it is computed')
    return handle
  }

  const run = (kernel: KernelSource, args: () => readonly unknown[], seats: readonly string[]): BufferResident => {
    alive()
    const resident: BufferResident = { elements: kernel.elements, length: resultLength(kernel), handle: undefined }
    residents.set(resident, resident)
    tally.made(resident.length * 4)
    queued(async () => {
      const compiled = cache.kernelFor(kernel, seats)
      const first = !compiled.compiled
      const started = now()
      try {
        const all = [...args(), ...kernel.scalars]
        // What compiles asks the device, and runs when it has answered.
        const { submissions } = own
        if (first) submissions?.flush()
        const handle: unknown = await (first || submissions === undefined ? compiled.call(all) : submissions.collect(compiled.kernel, () => compiled.call(all)))
        if (first) tally.submitted()
        if (!isHandle(handle)) throw new EngineFailure('a kernel answered no buffer')
        resident.handle = handle
      } catch (thrown) {
        throw new EngineFailure(`${messageOf(thrown)}, in the kernel ${kernel.source}`)
      }
      if (first) compiled.ran(now() - started)
    })
    return resident
  }
  const upload = (values: Float32Array): BufferResident => {
    // gpu.js declares arrays of numbers here, and takes typed ones as its own examples do. It reads the array when the kernel runs, later.
    const own = padded(values)
    const input = new Input((own === values ? values.slice() : own) as unknown as number[], [...storageOf(values.length)])
    return run(uploadKernel(values.length), () => [input], ['array'])
  }
  const release = (value: Resident): void => {
    const found = residents.get(value)
    if (found === undefined) return
    residents.delete(value)
    tally.released(found.length * 4)
    // Even after a failure: what is there is given back, once the commands that read it are submitted.
    const destroy = (): void => found.handle?.delete()
    tail = tail.then(() => (own.submissions === undefined || failure !== undefined ? destroy() : own.submissions.afterwards(found.length * 4, destroy)))
  }
  const settled = async (): Promise<void> => {
    await tail
    alive()
    own.submissions?.flush()
  }

  const first = upload(Float32Array.of(0))
  await settled()
  const handle = handleOf(first)
  const { device, adapter } = handle.context
  const onError = ({ error }: { readonly error: { readonly message: string } }): void => void fail(new EngineFailure(`WebGPU refuses: ${error.message}`))
  device.addEventListener('uncapturederror', onError)
  void device.lost.then(({ reason, message }) => fail(new EngineFailure(`the WebGPU device is lost (${reason ?? 'unknown reason'}): ${message}`)))
  const name = adapterOf(handle)
  release(first)
  own.submissions = submissionsTo(device, tally.submitted)

  return {
    mode: 'webgpu',
    adapter: name,
    software: adapter.isFallbackAdapter === true || isSoftwareAdapter(name),
    texels: false,
    upload: (values) => {
      tally.uploaded()
      return upload(values)
    },
    dispatch: (kernel, arrays) => {
      const operands = arrays.map(find)
      tally.dispatched()
      return run(kernel, () => operands.map(handleOf), [])
    },
    read: async (value) => {
      tally.read()
      const found = find(value)
      await settled()
      let result: unknown
      try {
        result = await handleOf(found).toArray()
      } catch (thrown) {
        throw fail(thrown)
      }
      // An error that the device has answered meanwhile means that these are not the numbers.
      alive()
      const values = flattened(result, found.length)
      if (values === undefined) throw new EngineFailure('a buffer answered something else than numbers')
      return values.length === found.elements ? values : values.subarray(0, found.elements)
    },
    release,
    settled,
    announce: tally.announced,
    withdraw: tally.withdrawn,
    counts: tally.counts,
    close: () => {
      device.removeEventListener('uncapturederror', onError)
      residents.forEach((_, value) => release(value))
      void tail.then(() => {
        own.submissions?.flush()
        own.submissions?.close()
        cache.destroy()
        return gpu.destroy()
      })
    }
  }
}
