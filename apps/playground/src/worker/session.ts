import { either as E } from 'fp-ts'
import type { GpujsDevice } from '@tabula/tensor/gpujs'
import type { Phase, Report, Request, Settings } from '../protocol.js'
import type { LoadedRun } from './loaded-run.js'
import { loadRun } from './loaded-run.js'
import { openDevice } from './open-device.js'
import { detectIn } from './photograph.js'
import { scoreOf } from './score.js'
import { guarded, imagesPerStep, startTraining } from './training.js'
import type { Training } from './training.js'

/** How the session reaches the page; `transfer` names what is handed over rather than copied. */
export type Tell = (report: Report, transfer?: readonly Transferable[]) => void

/** Milliseconds between two looks at the watched scenes. */
const watchEvery = 1500

/** Lets messages that have arrived be handled before the next step. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/** Everything that changes in a session. */
interface State {
  device: GpujsDevice | undefined
  settings: Settings
  training: Training | undefined
  step: number
  running: boolean
  /** Counts the trainings begun, so that the loop of an old one ends. */
  generation: number
  run: LoadedRun | undefined
}

/**
 * The worker's side of the page: answers requests by reports. Requests are handled while training goes on, between two steps, because a
 * step keeps the worker busy.
 */
export const openSession = (tell: Tell): ((request: Request) => Promise<void>) => {
  const state: State = { device: undefined, settings: { norm: 'groupNorm', learningRate: 0.02 }, training: undefined, step: 0, running: false, generation: 0, run: undefined }
  const phase = (now: Phase): void => tell({ _tag: 'phase', phase: now })
  const stop = (about: 'device' | 'training', message: string): void => {
    state.running = false
    state.training = undefined
    tell({ _tag: 'problem', about, message })
    phase('failed')
  }

  const plan = (training: Training): void => {
    tell({
      _tag: 'plan',
      lines: training.reports().flatMap(([name, { engine, kernels, segments, compileMilliseconds, notes }]) => [
        `${name}: ${engine}, ${kernels} kernels in ${segments} stretches, planned in ${(compileMilliseconds / 1000).toFixed(1)} s`,
        ...notes.map((note) => `${name}: ${note}`)
      ])
    })
  }

  const watch = async (training: Training): Promise<boolean> => {
    const scenes = await guarded(training.watch)
    if (E.isLeft(scenes)) {
      stop('training', scenes.left)
      return false
    }
    tell({ _tag: 'watched', step: state.step, scenes: scenes.right, score: scoreOf(scenes.right) })
    return true
  }

  const begin = async (): Promise<Training | undefined> => {
    const { device, settings } = state
    if (device === undefined) return undefined
    const started = await guarded(startTraining(device, settings.norm))
    if (E.isLeft(started)) {
      stop('training', started.left)
      return undefined
    }
    state.training = started.right
    state.step = 0
    return started.right
  }

  const loop = async (): Promise<void> => {
    const { generation } = state
    const current = (): boolean => state.running && state.generation === generation
    const fresh = state.training === undefined
    phase(fresh ? 'compiling' : 'training')
    const training = state.training ?? (await begin())
    if (training === undefined) return
    let watched = fresh ? 0 : performance.now()
    let rate = 0
    while (current()) {
      const before = performance.now()
      const loss = await guarded(training.advance(state.settings.learningRate))
      if (state.generation !== generation) return
      if (E.isLeft(loss)) return stop('training', loss.left)
      const seconds = (performance.now() - before) / 1000
      const now = imagesPerStep / seconds
      // The first step compiles; its time says nothing.
      rate = state.step === 0 ? 0 : rate === 0 ? now : 0.9 * rate + 0.1 * now
      state.step++
      if (state.step === 1) {
        phase('training')
        plan(training)
      }
      tell({ _tag: 'step', step: state.step, loss: loss.right, imagesPerSecond: rate })
      if (!Number.isFinite(loss.right)) {
        state.running = false
        state.training = undefined
        return phase('diverged')
      }
      if (performance.now() - watched > watchEvery) {
        if (!(await watch(training)) || state.generation !== generation) return
        if (watched === 0) plan(training)
        watched = performance.now()
      }
      await breathe()
    }
    if (state.generation === generation) phase('paused')
  }

  const start = (): void => {
    if (state.running || state.device === undefined) return
    state.running = true
    state.generation++
    // What fails inside is reported; the loop goes on beside further requests.
    void loop()
  }

  return async (request) => {
    switch (request._tag) {
      case 'open': {
        const opened = await guarded(openDevice(request.mode, (kernels) => tell({ _tag: 'compiled', kernels })))
        if (E.isLeft(opened)) return stop('device', opened.left)
        const { mode, adapter, software, rejected } = opened.right
        state.device = opened.right
        tell({ _tag: 'device', mode, adapter, software, rejected: rejected.map((one) => `${one.mode} was not taken: ${one.reason}`) })
        return phase('idle')
      }
      case 'start':
        return start()
      case 'pause':
        state.running = false
        return
      case 'learningRate':
        state.settings = { ...state.settings, learningRate: request.value }
        return
      case 'reset':
        state.running = false
        state.generation++
        state.training = undefined
        state.step = 0
        state.settings = request.settings
        return state.device === undefined ? undefined : phase('idle')
      case 'run': {
        if (state.device === undefined) return tell({ _tag: 'problem', about: 'run', message: 'There is no device yet to detect with: give the run again when one is shown under Device.' })
        const loaded = loadRun(state.device, request.files)
        if (E.isLeft(loaded)) return tell({ _tag: 'problem', about: 'run', message: loaded.left })
        state.run = loaded.right
        return tell({ _tag: 'run', name: loaded.right.name, step: loaded.right.step, classes: loaded.right.classes })
      }
      case 'photograph': {
        const { run } = state
        if (run === undefined) return tell({ _tag: 'problem', about: 'run', message: `${request.name}: load a training run first; its detector is what looks at photographs.` })
        const before = performance.now()
        const detected = await guarded(detectIn(run, request.name, request.file))
        if (E.isLeft(detected)) return tell({ _tag: 'problem', about: 'photograph', message: detected.left })
        const { image, overlay, found } = detected.right
        return tell({ _tag: 'photograph', name: request.name, image, overlay, found, classes: run.classes, milliseconds: performance.now() - before }, [image, overlay.data.buffer])
      }
    }
  }
}
