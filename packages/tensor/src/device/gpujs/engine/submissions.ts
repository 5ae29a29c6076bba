import type { IKernelRunShortcut } from 'gpu.js'

/** The parts of WebGPU that gpu.js uses to run a kernel it has built. TypeScript's libraries without a DOM declare none of them. */
interface Buffer {
  readonly destroy: () => void
}
interface Queue {
  readonly submit: (commands: readonly object[]) => void
  readonly writeBuffer: (buffer: Buffer, offset: number, data: ArrayBuffer | ArrayBufferView) => void
}
interface Device {
  readonly limits: object
  readonly queue: Queue
  readonly createBuffer: (descriptor: { readonly size: number; readonly usage: number }) => Buffer
  readonly createBindGroup: (descriptor: object) => object
  readonly createCommandEncoder: () => object
}

/** The parts of gpu.js 2.24.1's WebGPU kernel that it keeps between two runs (`src/backend/web-gpu/kernel.js`). */
interface BuiltKernel {
  _device: Device
  paramsBuffer: Buffer
  readonly paramsMirror: ArrayBuffer
  bindGroupDirty: boolean
  readonly paramsLayout: { readonly arrayArgs: readonly { buffer: Buffer | null }[] }
}

/** Commands that wait to be submitted together. */
export interface Submissions {
  /** Calls a kernel that has run before; its commands wait with the others. */
  readonly collect: <A>(kernel: IKernelRunShortcut, call: () => A) => A
  /** Does something once all commands so far are submitted: what they use must not be destroyed before. `bytes` is what it gives back. */
  readonly afterwards: (bytes: number, work: () => void) => void
  /** Submits what waits. */
  readonly flush: () => void
  readonly close: () => void
}

/** GPUBufferUsage.UNIFORM and COPY_DST, as gpu.js makes a kernel's arguments. */
const argumentsUsage = 0x40 | 0x08

/** So many kernels are submitted together at most, and bytes that wait to be given back. */
const [mostCommands, mostBytes] = [128, 2 ** 27]

/**
 * gpu.js submits each kernel alone. A submission costs more than a small kernel, so here the command buffers of kernels that are built are
 * collected and submitted together. gpu.js writes a kernel's arguments into one buffer, which happens before all that waits; so a kernel
 * that waits already is given another buffer for them. `submitted` hears of each submission.
 */
export const submissionsTo = (device: Device, submitted: () => void): Submissions => {
  let commands: object[] = []
  let work: (() => void)[] = []
  let bytes = 0
  const waiting = new Set<BuiltKernel>()
  const spare = new Map<number, Buffer[]>()
  const collecting: Device = {
    limits: device.limits,
    queue: { submit: (more) => void commands.push(...more), writeBuffer: (buffer, offset, data) => device.queue.writeBuffer(buffer, offset, data) },
    createBuffer: (descriptor) => device.createBuffer(descriptor),
    createBindGroup: (descriptor) => device.createBindGroup(descriptor),
    createCommandEncoder: () => device.createCommandEncoder()
  }

  const flush = (): void => {
    const [ready, after] = [commands, work]
    commands = []
    work = []
    bytes = 0
    waiting.clear()
    if (ready.length > 0) {
      device.queue.submit(ready)
      submitted()
    }
    after.forEach((each) => each())
  }
  const afterwards = (more: number, each: () => void): void => {
    work.push(each)
    bytes += more
    if (bytes > mostBytes) flush()
  }
  /** Buffers of its own for the arguments of a kernel that waits. */
  const renew = (kernel: BuiltKernel): void => {
    const size = kernel.paramsMirror.byteLength
    const { paramsBuffer } = kernel
    work.push(() => void spare.set(size, [...(spare.get(size) ?? []), paramsBuffer]))
    kernel.paramsBuffer = spare.get(size)?.pop() ?? device.createBuffer({ size, usage: argumentsUsage })
    kernel.bindGroupDirty = true
    for (const seat of kernel.paramsLayout.arrayArgs) {
      const { buffer } = seat
      if (buffer === null || buffer === undefined) continue
      work.push(() => buffer.destroy())
      seat.buffer = null
    }
  }

  return {
    collect: ({ kernel }, call) => {
      // gpu.js declares no class for its WebGPU kernels; an engine of this mode makes no others.
      const built = kernel as unknown as BuiltKernel
      if (waiting.has(built)) renew(built)
      waiting.add(built)
      built._device = collecting
      try {
        // A kernel that is built runs up to its submission before the call returns.
        return call()
      } finally {
        built._device = device
        if (commands.length >= mostCommands) flush()
      }
    },
    afterwards,
    flush,
    close: () => {
      spare.forEach((buffers) => buffers.forEach((buffer) => buffer.destroy()))
      spare.clear()
    }
  }
}
