import { either as E } from 'fp-ts'
import type { GpujsDevice } from '@tabula/tensor/gpujs'
import type { Phase, Report, Request, Settings, Snapshot } from '../protocol.js'
import { guarded } from './guarded.js'
import { openDevice } from './open-device.js'
import type { CompileCounts } from './open-device.js'
import { photographDesk } from './photograph-desk.js'
import { scoreOf } from './score.js'
import { imagesPerStep, startTraining, watchedScenes } from './training.js'
import type { Training } from './training.js'

/** How the session reaches the page; `transfer` names what is handed over rather than copied. */
export type Tell = (report: Report, transfer?: readonly Transferable[]) => void

/** Milliseconds between two looks at the watched scenes, at least; a look takes no more than a quarter of the time. */
const lookEvery = 1500

/** The watched scenes that the page shows. */
const shownScenes = 4

/** Lets messages that have arrived be handled before the next step. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/** Everything that changes in a session. */
interface State {
  device: GpujsDevice | undefined
  settings: Settings
  /** The number of the newest training, by the page. */
  number: number
  /** Where that training goes on from, until it has started. */
  from: Snapshot | undefined
  training: Training | undefined
  running: boolean
  /** Counts the stretches of training, so that the loop of an old one ends. */
  stretch: number
  /** When the program at hand began to compile, and the kernels that there were before. */
  compiling: { readonly since: number; readonly before: number } | undefined
  /** Ends when the device is free: two programs do not run at a time. */
  work: Promise<void>
}

/**
 * The worker's side of the page: answers requests by reports. Requests are handled while training goes on, between two steps, because a
 * step keeps the worker busy.
 */
export const openSession = (tell: Tell): ((request: Request) => Promise<void>) => {
  const state: State = {
    device: undefined,
    settings: { norm: 'groupNorm', learningRate: 0.02 },
    number: 0,
    from: undefined,
    training: undefined,
    running: false,
    stretch: 0,
    compiling: undefined,
    work: Promise.resolve()
  }
  const desk = photographDesk(tell)
  const phase = (now: Phase): void => tell({ _tag: 'phase', training: state.number, phase: now })
  const stop = (about: 'device' | 'training', message: string): void => {
    state.running = false
    state.training = undefined
    tell({ _tag: 'problem', about, message })
    phase('failed')
  }

  const compiled = ({ texts, pending }: CompileCounts): void => {
    const { compiling } = state
    if (compiling === undefined) return
    const kernels = texts - compiling.before
    tell({ _tag: 'compiled', about: 'training', kernels, of: kernels + pending, seconds: (performance.now() - compiling.since) / 1000 })
  }

  const plan = (training: Training): void =>
    tell({
      _tag: 'plan',
      lines: training.reports().flatMap(([name, { engine, kernels, segments, compileMilliseconds, notes }]) => [
        `${name}: ${engine}, ${kernels} kernels in ${segments} stretches, planned in ${(compileMilliseconds / 1000).toFixed(1)} s`,
        ...notes.map((note) => `${name}: ${note}`)
      ])
    })

  /** Looks at the watched scenes; whether that went well and the training is still the newest. */
  const look = async (training: Training): Promise<boolean> => {
    const { stretch } = state
    const looked = await guarded(training.look)
    if (state.stretch !== stretch) return false
    if (E.isLeft(looked)) {
      stop('training', looked.left)
      return false
    }
    const { scenes, snapshot } = looked.right
    tell({ _tag: 'watched', training: state.number, shown: scenes.slice(0, shownScenes), score: scoreOf(scenes), snapshot })
    return true
  }

  const begun = async (device: GpujsDevice): Promise<Training | undefined> => {
    const started = await guarded(startTraining(device, state.settings.norm, state.from))
    if (E.isLeft(started)) {
      stop('training', started.left)
      return undefined
    }
    state.from = undefined
    state.training = started.right
    return started.right
  }

  const loop = async (device: GpujsDevice, stretch: number): Promise<void> => {
    const newest = (): boolean => state.stretch === stretch
    if (!newest()) return
    const fresh = state.training === undefined
    phase(fresh ? 'compiling' : 'training')
    if (fresh) state.compiling = { since: performance.now(), before: device.counts().texts }
    const training = state.training ?? (await begun(device))
    if (training === undefined || !newest()) return
    let nextLook = fresh ? 0 : performance.now() + lookEvery
    let looked = fresh ? -1 : training.step()
    let rate = 0
    for (let made = 0; newest() && state.running; made++) {
      const before = performance.now()
      const loss = await guarded(training.advance(state.settings.learningRate))
      if (!newest()) return
      if (E.isLeft(loss)) return stop('training', loss.left)
      const now = (1000 * imagesPerStep) / (performance.now() - before)
      // The first step of a fresh training compiles; its time says nothing.
      rate = fresh && made === 0 ? 0 : rate === 0 ? now : 0.9 * rate + 0.1 * now
      if (fresh && made === 0) {
        phase('training')
        plan(training)
      }
      tell({ _tag: 'step', training: state.number, step: training.step(), loss: loss.right, imagesPerSecond: rate })
      if (!Number.isFinite(loss.right)) {
        state.running = false
        state.training = undefined
        return phase('diverged')
      }
      if (performance.now() > nextLook) {
        const started = performance.now()
        looked = training.step()
        if (!(await look(training))) return
        if (nextLook === 0) plan(training)
        state.compiling = undefined
        nextLook = performance.now() + Math.max(lookEvery, 3 * (performance.now() - started))
      }
      await breathe()
    }
    // A stretch ends with a look, so that the page holds the training as it stands.
    if (newest() && looked !== training.step() && !(await look(training))) return
    if (newest()) phase('paused')
  }

  const start = (): void => {
    const { device } = state
    if (state.running || device === undefined) return
    state.running = true
    const stretch = ++state.stretch
    // What fails inside is reported; the loop goes on beside further requests.
    state.work = state.work.then(() => loop(device, stretch))
  }

  return async (request) => {
    switch (request._tag) {
      case 'open': {
        desk.opened(request.mode)
        const opened = await guarded(openDevice(request.mode, compiled))
        if (E.isLeft(opened)) return stop('device', opened.left)
        const { mode, adapter, software, rejected } = opened.right
        state.device = opened.right
        desk.opened(mode)
        tell({ _tag: 'device', mode, adapter, software, rejected: rejected.map((one) => `${one.mode} was not taken: ${one.reason}`) })
        return phase(state.from === undefined ? 'idle' : 'paused')
      }
      case 'begin':
        state.running = false
        state.stretch++
        state.training = undefined
        state.number = request.training
        state.settings = request.settings
        state.from = request.from
        if (request.from === undefined) tell({ _tag: 'scenes', training: state.number, scenes: watchedScenes(shownScenes) })
        return state.device === undefined ? undefined : phase(state.from === undefined ? 'idle' : 'paused')
      case 'start':
        return start()
      case 'pause':
        state.running = false
        return
      case 'learningRate':
        state.settings = { ...state.settings, learningRate: request.value }
        return
      case 'run':
        return desk.load(request.files)
      case 'photograph':
        return desk.look(request.name, request.file)
    }
  }
}
