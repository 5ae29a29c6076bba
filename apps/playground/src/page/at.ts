import { element } from './elements.js'

/** The elements of the page that its script reads and writes. Throws `TypeError` where one is missing. */
export const elementsOfPage = () => ({
  problem: element('problem', HTMLElement),
  problemText: element('problem-text', HTMLElement),
  goOn: element('go-on', HTMLButtonElement),
  dismiss: element('dismiss', HTMLButtonElement),
  normMeaning: element('norm-meaning', HTMLElement),
  rate: element('rate', HTMLInputElement),
  rateValue: element('rate-value', HTMLOutputElement),
  start: element('start', HTMLButtonElement),
  reset: element('reset', HTMLButtonElement),
  compare: element('compare', HTMLButtonElement),
  turnSteps: element('turn-steps', HTMLInputElement),
  status: element('status', HTMLElement),
  compiling: element('compiling', HTMLElement),
  compilingBar: element('compiling-bar', HTMLProgressElement),
  compilingText: element('compiling-text', HTMLElement),
  step: element('step', HTMLElement),
  loss: element('loss', HTMLElement),
  speed: element('speed', HTMLElement),
  score: element('score', HTMLElement),
  lossChart: element('loss-chart', SVGSVGElement),
  scoreChart: element('score-chart', SVGSVGElement),
  comparison: element('comparison', HTMLTableSectionElement),
  scenes: element('scenes', HTMLElement),
  mode: element('mode', HTMLSelectElement),
  device: element('device', HTMLElement),
  reasons: element('reasons', HTMLElement),
  plan: element('plan', HTMLElement),
  drop: element('drop', HTMLElement),
  runFiles: element('run-files', HTMLInputElement),
  photographs: element('photographs', HTMLInputElement),
  run: element('run', HTMLElement),
  looking: element('looking', HTMLElement),
  photographList: element('photograph-list', HTMLElement)
})

/** What `elementsOfPage` finds. */
export type PageElements = ReturnType<typeof elementsOfPage>
