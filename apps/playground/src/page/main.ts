import { messageOf } from '@tabula/tensor'
import { normNames } from '../detector/detector.js'
import type { NormName } from '../detector/detector.js'
import type { Phase, Report, Request, Settings } from '../protocol.js'
import { drawChart } from './chart.js'
import type { Curve } from './chart.js'
import { filesOfDrop, filesOfInput, folderName, sorted } from './dropped.js'
import type { PathFile } from './dropped.js'
import { element, svgElement, textElement } from './elements.js'
import { begun, withFound, withLoss } from './history.js'
import type { History } from './history.js'
import { photographFigure } from './photographs.js'
import { showScenes } from './scenes.js'
import { compilingSentence, deviceSentence, normMeaning, normTitle, phaseSentence } from './words.js'

const at = {
  problem: element('problem', HTMLElement),
  normMeaning: element('norm-meaning', HTMLElement),
  rate: element('rate', HTMLInputElement),
  rateValue: element('rate-value', HTMLOutputElement),
  start: element('start', HTMLButtonElement),
  reset: element('reset', HTMLButtonElement),
  status: element('status', HTMLElement),
  step: element('step', HTMLElement),
  loss: element('loss', HTMLElement),
  speed: element('speed', HTMLElement),
  score: element('score', HTMLElement),
  lossChart: element('loss-chart', SVGSVGElement),
  foundChart: element('found-chart', SVGSVGElement),
  legend: element('legend', HTMLElement),
  scenes: element('scenes', HTMLElement),
  mode: element('mode', HTMLSelectElement),
  device: element('device', HTMLElement),
  reasons: element('reasons', HTMLElement),
  plan: element('plan', HTMLElement),
  drop: element('drop', HTMLElement),
  runFiles: element('run-files', HTMLInputElement),
  photographs: element('photographs', HTMLInputElement),
  run: element('run', HTMLElement),
  photographList: element('photograph-list', HTMLElement)
}

/** Milliseconds between two drawings of the curves. */
const redrawEvery = matchMedia('(prefers-reduced-motion: reduce)').matches ? 3000 : 300

interface PageState {
  phase: Phase
  history: History
  norm: NormName
  worker: Worker | undefined
  redraw: number | undefined
  hasRun: boolean
}

const page: PageState = { phase: 'opening', history: {}, norm: 'groupNorm', worker: undefined, redraw: undefined, hasRun: false }

const ask = (request: Request, transfer: Transferable[] = []): void => page.worker?.postMessage(request, transfer)

const learningRate = (): number => 10 ** Number(at.rate.value)

const chosenNorm = (): NormName => {
  const checked = document.querySelector<HTMLInputElement>('input[name=norm]:checked')?.value
  return normNames.find((name) => name === checked) ?? 'groupNorm'
}

const settings = (): Settings => ({ norm: chosenNorm(), learningRate: learningRate() })

const curvesOf = (key: 'loss' | 'found'): readonly Curve[] =>
  normNames.flatMap((norm) => {
    const curves = page.history[norm]
    if (curves === undefined) return []
    return [{ style: norm, name: normTitle(norm), points: curves[key], ...(curves.diverged === undefined ? {} : { end: `diverged at step ${curves.diverged}` }) }]
  })

const redraw = (): void => {
  page.redraw = undefined
  drawChart(at.lossChart, 'Loss by step', curvesOf('loss'))
  drawChart(at.foundChart, 'Objects found by step, per cent', curvesOf('found'), 100)
  at.legend.replaceChildren(
    ...normNames
      .filter((norm) => page.history[norm] !== undefined)
      .map((norm) => {
        const item = document.createElement('li')
        item.append(svgElement('svg', { viewBox: '0 0 40 12', 'aria-hidden': 'true' }, svgElement('line', { class: `curve ${norm}`, x1: 0, x2: 40, y1: 6, y2: 6 })), textElement('span', normTitle(norm)))
        return item
      })
  )
}

const redrawSoon = (): void => {
  page.redraw ??= window.setTimeout(redraw, redrawEvery)
}

const showPhase = (phase: Phase): void => {
  page.phase = phase
  document.body.dataset['phase'] = phase
  at.status.textContent = phaseSentence(phase)
  const running = phase === 'training' || phase === 'compiling'
  at.start.textContent = running ? 'Pause' : phase === 'paused' ? 'Go on' : 'Start'
  at.start.disabled = phase === 'opening' || phase === 'failed' || phase === 'diverged'
  at.reset.disabled = phase === 'opening' || phase === 'idle'
}

const showProblem = (message: string): void => {
  at.problem.textContent = message
  at.problem.hidden = message === ''
}

const cleared = (): void => {
  at.step.textContent = '0'
  at.loss.textContent = '–'
  at.speed.textContent = '–'
  at.score.textContent = '–'
}

const listed = (into: HTMLElement, lines: readonly string[]): void => into.replaceChildren(...lines.map((line) => textElement('li', line)))

const handle = (report: Report): void => {
  switch (report._tag) {
    case 'device':
      at.device.textContent = deviceSentence(report)
      document.body.dataset['mode'] = report.mode
      return listed(at.reasons, report.rejected)
    case 'compiled':
      if (page.phase === 'compiling') at.status.textContent = compilingSentence(report.kernels)
      return
    case 'phase':
      return showPhase(report.phase)
    case 'plan':
      return listed(at.plan, report.lines)
    case 'step':
      page.history = withLoss(page.history, page.norm, report.step, report.loss)
      at.step.textContent = String(report.step)
      at.loss.textContent = Number.isFinite(report.loss) ? (page.history[page.norm]?.loss.at(-1)?.[1] ?? report.loss).toFixed(2) : 'none'
      at.speed.textContent = report.imagesPerSecond === 0 ? '–' : report.imagesPerSecond.toFixed(1)
      return redrawSoon()
    case 'watched':
      page.history = withFound(page.history, page.norm, report.step, (100 * report.score.found) / Math.max(1, report.score.of))
      at.score.textContent = `${report.score.found}/${report.score.of}`
      showScenes(at.scenes, report.scenes)
      return redrawSoon()
    case 'run':
      page.hasRun = true
      at.photographs.disabled = false
      at.run.textContent = `Loaded ${report.name}: ${report.step} steps, finds ${report.classes.join(', ')}. Now give photographs.`
      return
    case 'photograph':
      at.run.textContent = `${report.name} is done.`
      return at.photographList.prepend(photographFigure(report))
    case 'problem':
      if (report.about === 'run' || report.about === 'photograph') at.run.textContent = ''
      return showProblem(report.message)
  }
}

/** A worker with a device of its own: in place of an old one, whose device may be lost. */
const openWorker = (): void => {
  page.worker?.terminate()
  showPhase('opening')
  showProblem('')
  at.device.textContent = '–'
  listed(at.reasons, [])
  if (page.hasRun) {
    page.hasRun = false
    at.photographs.disabled = true
    at.run.textContent = 'The device is another one now: load the run again.'
  }
  const worker = new Worker(new URL('../worker/worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<Report>) => handle(data)
  worker.onerror = ({ message }) => {
    showProblem(`The worker stopped: ${message || 'its program could not be loaded'}. Reload the page, or choose another mode under Device.`)
    showPhase('failed')
  }
  page.worker = worker
  ask({ _tag: 'open', mode: at.mode.value })
  ask({ _tag: 'reset', settings: settings() })
}

const reset = (): void => {
  // A device that failed may be lost for good; a new worker opens another.
  if (page.phase === 'failed') return openWorker()
  showProblem('')
  cleared()
  ask({ _tag: 'reset', settings: settings() })
}

const showRate = (): void => {
  at.rateValue.textContent = learningRate().toPrecision(2)
}

const give = async (files: readonly PathFile[]): Promise<void> => {
  const { config, checkpoint, photographs } = sorted(files)
  showProblem('')
  if (config !== undefined && checkpoint !== undefined) {
    const name = folderName(checkpoint.path)
    at.run.textContent = `Reading ${name} …`
    const [text, bytes] = await Promise.all([config.file.text(), checkpoint.file.arrayBuffer()])
    ask({ _tag: 'run', files: { name, config: text, checkpoint: bytes } }, [bytes])
  } else if (photographs.length === 0) {
    const missing = [...(config === undefined ? ['config.json'] : []), ...(checkpoint === undefined ? ['checkpoint.safetensors'] : [])]
    return showProblem(`Expected the folder of a training run or photographs, found ${files.length} ${files.length === 1 ? 'file' : 'files'} without ${missing.join(' and ')}. Give the folder that \`tabula train\` wrote.`)
  }
  photographs.forEach(({ path, file }) => {
    if (page.hasRun) at.run.textContent = `Looking at ${path} …`
    ask({ _tag: 'photograph', name: file.name, file })
  })
}

const unreadable = (cause: unknown): void => showProblem(`The files could not be read: ${messageOf(cause)}. Give them again.`)

at.start.addEventListener('click', () => {
  const running = page.phase === 'training' || page.phase === 'compiling'
  if (running) return ask({ _tag: 'pause' })
  if (page.phase !== 'paused') {
    page.norm = chosenNorm()
    page.history = begun(page.history, page.norm)
  }
  return ask({ _tag: 'start' })
})
at.reset.addEventListener('click', reset)
at.mode.addEventListener('change', openWorker)
at.rate.addEventListener('input', () => {
  showRate()
  ask({ _tag: 'learningRate', value: learningRate() })
})
document.querySelectorAll('input[name=norm]').forEach((radio) =>
  radio.addEventListener('change', () => {
    at.normMeaning.textContent = normMeaning(chosenNorm())
    reset()
  })
)
;[at.runFiles, at.photographs].forEach((field) => field.addEventListener('change', () => void give(filesOfInput(field)).catch(unreadable)))
document.addEventListener('dragover', (event) => {
  event.preventDefault()
  at.drop.classList.add('over')
})
document.addEventListener('dragleave', () => at.drop.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  at.drop.classList.remove('over')
  if (event.dataTransfer !== null) void filesOfDrop(event.dataTransfer).then(give).catch(unreadable)
})

const asked = new URLSearchParams(location.search).get('mode')
if ([...at.mode.options].some(({ value }) => value === asked)) at.mode.value = asked ?? 'auto'
at.normMeaning.textContent = normMeaning(chosenNorm())
showRate()
redraw()
openWorker()
