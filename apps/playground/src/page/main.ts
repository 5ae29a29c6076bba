import { messageOf } from '@tabula/tensor'
import { normNames } from '../detector/detector.js'
import type { NormName } from '../detector/detector.js'
import type { CompileReport, Phase, Report, Request, RunFiles, Settings, Snapshot } from '../protocol.js'
import { elementsOfPage } from './at.js'
import { drawChart } from './chart.js'
import type { Curve } from './chart.js'
import { showComparison } from './comparison.js'
import { filesOfDrop, filesOfInput, folderName, refusalOf, sorted } from './dropped.js'
import type { PathFile } from './dropped.js'
import { textElement } from './elements.js'
import { backTo, begun, withLoss, withScore } from './history.js'
import type { Curves, History } from './history.js'
import { photographFigure } from './photographs.js'
import { problemBox } from './problem.js'
import { showScenes } from './scenes.js'
import { afterTurn, turnsOver } from './turns.js'
import type { Turns } from './turns.js'
import { compilingSentence, deviceSentence, normMeaning, normTitle, phaseSentence, runSentence } from './words.js'

const at = elementsOfPage()
const box = problemBox(at)

/** Milliseconds between two drawings of the curves. */
const redrawEvery = matchMedia('(prefers-reduced-motion: reduce)').matches ? 3000 : 300

/** The top of the losses' chart: what learns starts below, what diverges would make the rest invisible. */
const highestLoss = 5

interface PageState {
  worker: Worker | undefined
  phase: Phase
  /** The number, norm and newest step of the training at hand, and all that is needed to go on with it. */
  training: number
  norm: NormName
  step: number
  snapshot: Snapshot | undefined
  history: History
  /** Whether training is to start as soon as there is a device. */
  starting: boolean
  turns: Turns | undefined
  /** Whether the turn at hand has made its steps and only pauses. */
  turnOver: boolean
  /** The run that is loaded, and the one given last: it may still be read. */
  run: RunFiles | undefined
  givenRun: RunFiles | undefined
  runSentence: string
  /** Whether a file of the newest drop was refused. */
  refused: boolean
  redraw: number | undefined
}

const page: PageState = {
  worker: undefined,
  phase: 'opening',
  training: 0,
  norm: 'groupNorm',
  step: 0,
  snapshot: undefined,
  history: {},
  starting: false,
  turns: undefined,
  turnOver: false,
  run: undefined,
  givenRun: undefined,
  runSentence: 'No run is loaded.',
  refused: false,
  redraw: undefined
}

const ask = (request: Request): void => page.worker?.postMessage(request)

const learningRate = (): number => 10 ** Number(at.rate.value)

const norms = (): readonly HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>('input[name=norm]')]

const chosenNorm = (): NormName => {
  const checked = norms().find((radio) => radio.checked)?.value
  return normNames.find((name) => name === checked) ?? 'groupNorm'
}

const chooseNorm = (norm: NormName): void => {
  norms().forEach((radio) => (radio.checked = radio.value === norm))
  at.normMeaning.textContent = normMeaning(norm)
}

const settings = (): Settings => ({ norm: page.norm, learningRate: learningRate() })

const isRunning = (): boolean => page.phase === 'training' || page.phase === 'compiling'

const curvesOf = (points: (curves: Curves) => Curve['points']): readonly Curve[] =>
  normNames.flatMap((norm) => {
    const curves = page.history[norm]
    if (curves === undefined) return []
    return [{ style: norm, name: normTitle(norm), points: points(curves), ...(curves.diverged === undefined ? {} : { end: `diverged at step ${curves.diverged}` }) }]
  })

const redraw = (): void => {
  page.redraw = undefined
  drawChart(at.lossChart, 'Loss by step', curvesOf(({ loss }) => loss), { upTo: highestLoss })
  drawChart(at.scoreChart, 'Average precision by step', curvesOf(({ ap }) => ap), { exactly: 100 })
  showComparison(at.comparison, page.history)
}

const redrawNow = (): void => {
  window.clearTimeout(page.redraw)
  redraw()
}

const redrawSoon = (): void => {
  page.redraw ??= window.setTimeout(redraw, redrawEvery)
}

const showCompiling = (report?: CompileReport): void => {
  at.compiling.hidden = report === undefined
  if (report === undefined) return
  at.compilingBar.max = report.of
  at.compilingBar.value = report.kernels
  at.compilingText.textContent = compilingSentence(report)
}

const showPhase = (phase: Phase): void => {
  page.phase = phase
  document.body.dataset['phase'] = phase
  const turn = page.turns === undefined || phase === 'failed' ? '' : ` Comparing: ${normNames.length - page.turns.next.length} of ${normNames.length}.`
  at.status.textContent = `${phaseSentence(phase, page.norm, phase === 'failed' ? (page.snapshot?.step ?? 0) : page.step)}${turn}`
  at.start.textContent = isRunning() ? 'Pause' : phase === 'paused' ? 'Go on' : phase === 'diverged' ? 'Start again' : 'Start'
  at.start.disabled = phase === 'opening' || phase === 'failed'
  at.reset.disabled = phase === 'opening' || phase === 'idle'
  at.compare.disabled = phase === 'opening' || phase === 'failed'
  if (isRunning()) return
  showCompiling()
  // What stands still is shown whole, at once.
  redrawNow()
}

const showNumbers = (): void => {
  const curves = page.step === 0 ? undefined : page.history[page.norm]
  at.step.textContent = String(page.step)
  at.loss.textContent = curves?.diverged === undefined ? (curves?.loss.at(-1)?.[1].toFixed(2) ?? '–') : '–'
  at.score.textContent = curves?.score?.ap.toFixed(0) ?? '–'
}

/** Begins a training, which is to start later: from random numbers with the chosen norm, or where one stood. */
const begin = (from?: Snapshot): void => {
  page.training++
  page.turnOver = false
  page.snapshot = from
  page.norm = from?.norm ?? chosenNorm()
  page.step = from?.step ?? 0
  if (from !== undefined) page.history = backTo(page.history, from.norm, from.step)
  at.speed.textContent = '–'
  showNumbers()
  redrawSoon()
  ask({ _tag: 'begin', training: page.training, settings: settings(), ...(from === undefined ? {} : { from }) })
}

const start = (): void => {
  if (page.step === 0) page.history = begun(page.history, page.norm)
  ask({ _tag: 'start' })
}

const startTurn = ({ norm }: Turns): void => {
  chooseNorm(norm)
  begin()
  start()
}

/** Ends the turn at hand; the next one starts, or the last stays as it is. */
const endTurn = (phase: Phase): void => {
  page.turns = page.turns === undefined ? undefined : afterTurn(page.turns)
  page.turnOver = false
  if (page.turns === undefined) showPhase(phase)
  else startTurn(page.turns)
}

const showRun = (sentence = page.runSentence): void => {
  at.run.textContent = sentence
  at.looking.textContent = ''
  at.photographs.disabled = page.run === undefined
}

/** What offers to go on elsewhere after a failure of the device. */
const wayOut = (): string => (page.snapshot === undefined ? 'Use WebAssembly' : `Continue from step ${page.snapshot.step} on WebAssembly`)

const handle = (report: Report): void => {
  if ('training' in report && report.training !== page.training) return
  switch (report._tag) {
    case 'device':
      document.body.dataset['mode'] = report.mode
      at.device.textContent = deviceSentence(report)
      return at.reasons.replaceChildren(...report.rejected.map((line) => textElement('li', line)))
    case 'compiled':
      if (report.about === 'run') at.looking.textContent = compilingSentence(report)
      else if (isRunning()) showCompiling(report)
      return
    case 'phase':
      showPhase(report.phase)
      if (page.starting && (report.phase === 'idle' || report.phase === 'paused')) {
        page.starting = false
        return start()
      }
      // Nothing goes on from a loss that is no number.
      if (report.phase === 'diverged') page.snapshot = undefined
      if (report.phase === 'diverged' || (report.phase === 'paused' && page.turnOver)) endTurn(report.phase)
      return
    case 'plan':
      return at.plan.replaceChildren(...report.lines.map((line) => textElement('li', line)))
    case 'scenes':
      return showScenes(at.scenes, report.scenes.map((scene) => ({ scene, found: [] })))
    case 'step':
      page.step = report.step
      page.history = withLoss(page.history, page.norm, report.step, report.loss)
      if (report.imagesPerSecond > 0) at.speed.textContent = report.imagesPerSecond.toFixed(1)
      showCompiling()
      showNumbers()
      if (page.turns !== undefined && report.step >= page.turns.steps && !page.turnOver) {
        page.turnOver = true
        ask({ _tag: 'pause' })
      }
      return redrawSoon()
    case 'watched':
      page.snapshot = report.snapshot
      page.history = withScore(page.history, page.norm, report.snapshot.step, report.score)
      showCompiling()
      showNumbers()
      showScenes(at.scenes, report.shown)
      return redrawSoon()
    case 'run':
      page.run = page.givenRun
      page.runSentence = runSentence(report)
      return showRun()
    case 'looking':
      at.looking.textContent = ''
      at.run.textContent = `Looking at ${report.name} …`
      return
    case 'photograph':
      showRun(`${report.name} is done. ${page.runSentence}`)
      return at.photographList.prepend(photographFigure(report))
    case 'problem':
      if (report.about === 'run' || report.about === 'photograph') {
        if (report.about === 'run') page.givenRun = page.run
        showRun()
        box.say(report.message, { more: page.refused || page.phase === 'failed' })
        page.refused = true
        return
      }
      page.starting ||= isRunning()
      return box.say(report.message, { goOn: wayOut() })
  }
}

/** A worker with a device of its own in place of the one before, whose device may be lost. The training goes on where `from` stood. */
const openWorker = (from?: Snapshot): void => {
  page.worker?.terminate()
  box.clear()
  at.device.textContent = '–'
  at.reasons.replaceChildren()
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<Report>) => handle(data)
  worker.onerror = ({ message }) => {
    page.starting ||= isRunning()
    box.say(`The worker stopped: ${message || 'its program could not be loaded'}. Reload the page, or choose another mode under Device.`, { goOn: wayOut() })
    showPhase('failed')
  }
  page.worker = worker
  begin(from)
  showPhase('opening')
  ask({ _tag: 'open', mode: at.mode.value })
  page.givenRun = page.run
  if (page.run !== undefined) ask({ _tag: 'run', files: page.run })
}

const reset = (): void => {
  page.turns = undefined
  page.starting = false
  // A device that failed may be lost for good; a new worker opens another.
  if (page.phase === 'failed') return openWorker()
  if (page.phase !== 'opening') box.clear()
  begin()
}

const showRate = (): void => {
  at.rateValue.textContent = learningRate().toPrecision(2)
  at.rate.setAttribute('aria-valuetext', learningRate().toPrecision(2))
}

const give = (files: readonly PathFile[]): void => {
  const { config, checkpoint, photographs } = sorted(files)
  page.refused = false
  if (page.phase !== 'failed') box.clear()
  const refusal = refusalOf(files, { config, checkpoint, photographs }) ?? (photographs.length > 0 && page.givenRun === undefined && checkpoint === undefined ? 'Load a training run first: its detector is what looks at photographs.' : undefined)
  if (refusal !== undefined) return box.say(refusal, { more: page.phase === 'failed' })
  if (config !== undefined && checkpoint !== undefined) {
    page.givenRun = { name: folderName(checkpoint.path), config: config.file, checkpoint: checkpoint.file }
    at.run.textContent = `Reading ${page.givenRun.name} …`
    ask({ _tag: 'run', files: page.givenRun })
  }
  photographs.forEach(({ file }) => ask({ _tag: 'photograph', name: file.name, file }))
}

at.start.addEventListener('click', () => {
  if (isRunning()) return ask({ _tag: 'pause' })
  if (page.phase === 'diverged') begin()
  return start()
})
at.reset.addEventListener('click', reset)
at.compare.addEventListener('click', () => {
  if (!at.turnSteps.reportValidity()) return
  page.turns = turnsOver(normNames, at.turnSteps.valueAsNumber)
  if (page.turns !== undefined) startTurn(page.turns)
})
at.goOn.addEventListener('click', () => {
  at.mode.value = 'webasm'
  openWorker(page.snapshot)
})
at.mode.addEventListener('change', () => {
  page.starting ||= isRunning()
  openWorker(page.snapshot)
})
at.rate.addEventListener('input', () => {
  showRate()
  ask({ _tag: 'learningRate', value: learningRate() })
})
norms().forEach((radio) =>
  radio.addEventListener('change', () => {
    chooseNorm(chosenNorm())
    reset()
  })
)
;[at.runFiles, at.photographs].forEach((field) =>
  field.addEventListener('change', () => {
    give(filesOfInput(field))
    // The same files can be chosen again.
    field.value = ''
  })
)
document.addEventListener('dragover', (event) => {
  event.preventDefault()
  at.drop.classList.add('over')
})
document.addEventListener('dragleave', () => at.drop.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  at.drop.classList.remove('over')
  if (event.dataTransfer === null) return
  filesOfDrop(event.dataTransfer).then(give, (cause: unknown) => box.say(`The files could not be read: ${messageOf(cause)}. Give them again.`))
})

const asked = new URLSearchParams(location.search).get('mode')
const modes = [...at.mode.options].map(({ value }) => value)
if (asked !== null && modes.includes(asked)) at.mode.value = asked
chooseNorm('groupNorm')
showRate()
redraw()
openWorker()
if (asked !== null && !modes.includes(asked)) box.say(`?mode=${asked}: expected one of ${modes.join(', ')}. The mode is chosen automatically.`)
