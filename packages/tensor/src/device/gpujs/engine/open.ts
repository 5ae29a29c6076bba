import { either as E } from 'fp-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { GPU } from 'gpu.js'
import { messageOf } from '../../../errors.js'
import type { DeviceError } from '../../../errors.js'
import { arrayEngine } from './arrays.js'
import { deviceName, EngineFailure } from './engine.js'
import type { Engine, EngineCounts, GpujsMode } from './engine.js'
import { proveEngine } from './self-test.js'
import { tallied } from './tally.js'
import { webglEngine } from './webgl.js'
import { webgpuEngine } from './webgpu.js'

/** All modes, the one to be preferred first. */
export const gpujsModes: readonly GpujsMode[] = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu']

/** A mode that `auto` did not take, and why. */
export interface RejectedMode {
  readonly mode: GpujsMode
  readonly reason: string
}

/** An engine that has proved itself, and the modes tried before it. */
export interface OpenedEngine {
  readonly engine: Engine
  readonly rejected: readonly RejectedMode[]
}

/** What an engine is opened with. */
export interface OpenOptions {
  /** Hears of each kernel that was compiled. */
  readonly progress?: ((counts: EngineCounts) => void) | undefined
  /** Whether `auto` may take an adapter whose work a program draws on the processor. `false`: WebAssembly is faster than those. */
  readonly softwareAdapters?: boolean | undefined
  /** Whether `auto` may take a mode without an adapter, `webasm` or `cpu`. By default it may. */
  readonly processor?: boolean | undefined
}

/** What gpu.js needs of the place it runs in, where it says no more than that a mode is not supported. */
const needs: Readonly<Record<GpujsMode, string>> = {
  webgpu: 'there is no navigator.gpu: a browser with WebGPU, in a page of a secure context, has one',
  webgl2: 'there is no WebGL2 context: a browser has them',
  headlessgl: 'the package gl is not installed and built, or finds no display',
  webasm: 'there is no WebAssembly',
  cpu: 'generated functions are not allowed'
}

const supported = (mode: GpujsMode): boolean => {
  switch (mode) {
    case 'webgpu':
      return GPU.isWebGPUSupported
    case 'webgl2':
      return GPU.isWebGL2Supported
    case 'headlessgl':
      return GPU.isHeadlessGLSupported
    case 'webasm':
      return GPU.isWebAssemblySupported
    case 'cpu':
      return true
  }
}

const created = async (mode: GpujsMode, { progress }: OpenOptions): Promise<Engine> => {
  if (!gpujsModes.includes(mode)) throw new EngineFailure(`there is no such mode; choose one of ${gpujsModes.join(', ')}, auto`)
  if (!supported(mode)) throw new EngineFailure(needs[mode])
  const tally = tallied(progress)
  switch (mode) {
    case 'webgpu':
      return webgpuEngine(tally)
    case 'webgl2':
    case 'headlessgl':
      return webglEngine(mode, tally)
    case 'webasm':
    case 'cpu':
      return arrayEngine(mode, tally)
  }
}

/** An engine in this mode that has computed known answers, or why there is none. */
const proved = async (mode: GpujsMode, options: OpenOptions): Promise<E.Either<string, Engine>> => {
  let engine: Engine | undefined
  try {
    engine = await created(mode, options)
    await proveEngine(engine)
    return E.right(engine)
  } catch (thrown) {
    engine?.close()
    return E.left(messageOf(thrown))
  }
}

const missing = (message: string): DeviceError => ({ _tag: 'DeviceMissing', device: deviceName, message, remedy: 'Choose another mode, or the CPU device.' })

const opened = async (mode: GpujsMode, options: OpenOptions): Promise<E.Either<DeviceError, OpenedEngine>> => {
  const engine = await proved(mode, options)
  return E.isRight(engine)
    ? E.right({ engine: engine.right, rejected: [] })
    : E.left(missing(`gpu.js does not run in mode ${mode}: ${engine.left.replace(/\.$/, '')}.`))
}

const best = async (options: OpenOptions): Promise<E.Either<DeviceError, OpenedEngine>> => {
  const rejected: RejectedMode[] = []
  const candidates = gpujsModes.filter((mode) => options.processor !== false || (mode !== 'webasm' && mode !== 'cpu'))
  for (const mode of candidates) {
    const engine = await proved(mode, options)
    if (E.isLeft(engine)) {
      rejected.push({ mode, reason: engine.left })
    } else if (engine.right.software && mode !== 'webasm' && mode !== 'cpu' && options.softwareAdapters !== true) {
      engine.right.close()
      rejected.push({ mode, reason: `a program draws its work on the processor (${engine.right.adapter})` })
    } else {
      return E.right({ engine: engine.right, rejected })
    }
  }
  return E.left(missing(`gpu.js runs in no mode here: ${rejected.map(({ mode, reason }) => `${mode}: ${reason}`).join('; ')}.`))
}

/**
 * Opens gpu.js in a mode, or with `auto` in the first of `gpujsModes` that computes known answers right. `Left` where the mode (or
 * every mode) is missing or wrong, with the reasons. Makes one instance of gpu.js for each mode tried, and keeps the last.
 */
export const openEngine =
  (mode: GpujsMode | 'auto', options: OpenOptions = {}): TaskEither<DeviceError, OpenedEngine> =>
  () =>
    mode === 'auto' ? best(options) : opened(mode, options)
