import { normNames } from '../detector/detector.js'
import { svgElement, tableCell } from './elements.js'
import { verdictOf } from './history.js'
import type { Curves, History } from './history.js'
import { normTitle } from './words.js'

const numbersOf = ({ step, loss, score }: Curves): readonly string[] => [
  String(step),
  loss.at(-1)?.[1].toFixed(2) ?? '–',
  score?.ap50.toFixed(0) ?? '–',
  score?.ap.toFixed(0) ?? '–'
]

/** Shows the newest training with each norm in a row: how its curves are drawn, its numbers, and what it has come to. */
export const showComparison = (body: HTMLTableSectionElement, history: History): void =>
  body.replaceChildren(
    ...normNames.map((norm) => {
      const curves = history[norm]
      const name = tableCell('th', normTitle(norm))
      name.setAttribute('scope', 'row')
      name.prepend(svgElement('svg', { viewBox: '0 0 32 12', class: 'sample', 'aria-hidden': 'true' }, svgElement('line', { class: `curve ${norm}`, x1: 0, x2: 32, y1: 6, y2: 6 })))
      const row = document.createElement('tr')
      row.append(name, ...(curves === undefined ? ['–', '–', '–', '–', 'not trained'] : [...numbersOf(curves), verdictOf(curves)]).map((text) => tableCell('td', text)))
      return row
    })
  )
