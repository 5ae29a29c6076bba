import { GPU, Input, Texture } from 'gpu.js'
import { messageOf } from '../../../errors.js'
import { isSoftwareAdapter } from './adapter.js'
import { padded } from './arrays.js'
import { now } from './clock.js'
import type { Engine, GpujsMode, Resident } from './engine.js'
import { EngineFailure, storageOf } from './engine.js'
import { drawn } from './fence.js'
import type { FencedContext } from './fence.js'
import { flattened, kernelCache } from './kernels.js'
import { readFlat } from './shader-reads.js'
import type { Tally } from './tally.js'
import { asFlat, flatTextureOf } from './textures.js'
import type { FlatTexture } from './textures.js'
import { resultLength, uploadKernel } from './upload.js'

/** What is used of a WebGL context besides gpu.js. */
interface Context extends FencedContext {
  readonly getError: () => number
  readonly getExtension: (name: string) => { readonly UNMASKED_RENDERER_WEBGL?: number } | null
  readonly getParameter: (name: number) => unknown
}

interface TextureResident extends Resident {
  readonly texture: Texture
  readonly length: number
  /** The kind of seat that takes it: of one number in a texel, or of four. */
  readonly seat: 'texture' | 'texels'
}

const outOfMemory = 0x0505
/** `RENDERER`, where the extension that names the adapter is missing. */
const rendererName = 0x1f01

/** Names of the errors of WebGL that `getError` answers. */
const errorNames: Readonly<Record<number, string>> = {
  0x0500: 'INVALID_ENUM',
  0x0501: 'INVALID_VALUE',
  0x0502: 'INVALID_OPERATION',
  [outOfMemory]: 'OUT_OF_MEMORY',
  0x0506: 'INVALID_FRAMEBUFFER_OPERATION',
  0x9242: 'CONTEXT_LOST_WEBGL'
}

const adapterOf = (context: Context): string => {
  const name = context.getExtension('WEBGL_debug_renderer_info')?.UNMASKED_RENDERER_WEBGL ?? rendererName
  return String(context.getParameter(name))
}

/**
 * gpu.js on WebGL: values are textures, of which a kernel draws a new one each time, and which are deleted when released. Reading
 * waits for all that was drawn.
 */
export const webglEngine = (mode: Extract<GpujsMode, 'webgl2' | 'headlessgl'>, tally: Tally): Engine => {
  const gpu = new GPU({ mode })
  readFlat(gpu)
  const cache = kernelCache(gpu, mode, { handles: true, fixedSizes: false }, tally)
  const residents = new Map<Resident, TextureResident>()
  // The classes of all values, known from the first results: for numbers, which are read, that is the one below, of threads in one dimension.
  const flat = new Map<TextureResident['seat'], FlatTexture>()

  const find = (value: Resident): TextureResident => {
    const found = residents.get(value)
    if (found === undefined) throw new EngineFailure('a value was used after its release, or belongs to another engine')
    return found
  }
  // gpu.js declares its context as any; it is there once a kernel was made.
  const context = (): Context | null => gpu.context as Context | null
  const check = (doing: string): void => {
    const gl = context()
    if (gl === null) return
    if (gl.isContextLost()) throw new EngineFailure(`the WebGL context is lost (${doing}); the adapter was reset or taken away`)
    const error = gl.getError()
    if (error === outOfMemory) throw new EngineFailure(`the adapter's memory is exhausted (${doing}); ${tally.counts().live} values of ${tally.counts().liveBytes} bytes are held`)
    if (error !== 0) throw new EngineFailure(`WebGL answers ${errorNames[error] ?? `error ${error}`} (${doing})`)
  }

  const run = (kernel: Parameters<Engine['dispatch']>[0], args: readonly unknown[], seats: readonly string[]): Resident => {
    if (context()?.isContextLost() === true) throw new EngineFailure('the WebGL context is lost; the adapter was reset or taken away')
    const compiled = cache.kernelFor(kernel, seats)
    const first = !compiled.compiled
    const started = now()
    let texture: unknown
    try {
      texture = compiled.call([...args, ...kernel.scalars])
    } catch (thrown) {
      // What gpu.js says of a lost context is that a shader does not compile, or nothing of use.
      check('running a kernel')
      throw thrown
    }
    if (first) {
      compiled.ran(now() - started)
      check(`compiling ${kernel.source}`)
    }
    if (!(texture instanceof Texture)) throw new EngineFailure(`a kernel answered no texture: ${kernel.source}`)
    const length = resultLength(kernel)
    const seat = kernel.texels === true ? 'texels' : 'texture'
    const Flat = flat.get(seat) ?? flatTextureOf(texture)
    flat.set(seat, Flat)
    const resident: TextureResident = { elements: kernel.elements, texture: asFlat(texture, Flat, length), length, seat }
    residents.set(resident, resident)
    tally.made(length * 4)
    return resident
  }

  const readNow = ({ texture, length, elements }: TextureResident): Float32Array => {
    let result: unknown
    try {
      result = texture.toArray()
    } catch (thrown) {
      check('reading a value')
      throw new EngineFailure(`a value cannot be read: ${messageOf(thrown)}`)
    }
    check('reading a value')
    const values = flattened(result, length)
    if (values === undefined) throw new EngineFailure('a texture answered something else than numbers')
    return values.length === elements ? values : values.subarray(0, elements)
  }

  const readWhenDrawn = async (value: Resident): Promise<Float32Array> => {
    const found = find(value)
    // It may be released meanwhile: both count as users of the texels.
    const texture = found.texture.clone()
    try {
      const gl = context()
      if (gl !== null) await drawn(gl)
      return readNow({ ...found, texture })
    } finally {
      texture.delete()
    }
  }

  const probe = run(uploadKernel(1), [new Input([0], [1])], ['array'])
  const gl = context()
  const adapter = gl === null ? 'unknown' : adapterOf(gl)
  const release = (value: Resident): void => {
    const found = residents.get(value)
    if (found === undefined) return
    residents.delete(value)
    found.texture.delete()
    tally.released(found.length * 4)
  }
  release(probe)

  return {
    mode,
    adapter,
    software: isSoftwareAdapter(adapter),
    texels: true,
    upload: (values) => {
      tally.uploaded()
      // gpu.js declares arrays of numbers here, and takes typed ones as its own examples do.
      const input = new Input(padded(values) as unknown as number[], [...storageOf(values.length)])
      return run(uploadKernel(values.length), [input], ['array'])
    },
    dispatch: (kernel, arrays) => {
      const operands = arrays.map(find)
      tally.dispatched()
      return run(kernel, operands.map(({ texture }) => texture), operands.map(({ seat }) => seat))
    },
    read: (value) => {
      tally.read()
      return readWhenDrawn(value)
    },
    release,
    settled: () => new Promise((resolve) => resolve(check('running kernels'))),
    announce: tally.announced,
    withdraw: tally.withdrawn,
    counts: tally.counts,
    close: () => {
      residents.forEach((_, value) => release(value))
      cache.destroy()
      void gpu.destroy()
    }
  }
}
