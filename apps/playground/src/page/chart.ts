import { svgElement } from './elements.js'
import type { Point } from './history.js'

/** A curve of a chart: its class in the style sheet, its name and its points. */
export interface Curve {
  readonly style: string
  readonly name: string
  readonly points: readonly Point[]
  /** What happened at its end, where that is not the present. */
  readonly end?: string
}

const width = 480
const height = 200
const margin = { left: 48, right: 12, top: 12, bottom: 28 }

/** The least of 1, 2, 5, 10, 20 … that is at least x. */
const roundUp = (x: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(x, 1e-6)))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= x) ?? 10)
}

const show = (x: number): string => String(Number(x.toPrecision(3)))

/** At most this many points of a curve are drawn. */
const mostPoints = 300

const thinned = (points: readonly Point[]): readonly Point[] => {
  const every = Math.ceil(points.length / mostPoints)
  return points.filter((_, k) => k % every === 0 || k === points.length - 1)
}

/** How far up a chart goes: exactly so far, or to a round number above the largest value, but no further than so far. */
export type Top = { readonly exactly: number } | { readonly upTo: number }

/** Draws curves over steps into an SVG, with what they say as its label. What is above the top is drawn at the top. */
export const drawChart = (svg: SVGSVGElement, title: string, curves: readonly Curve[], top: Top): void => {
  const points = curves.flatMap((curve) => curve.points)
  const steps = roundUp(Math.max(50, ...points.map(([step]) => step)))
  const most = 'exactly' in top ? top.exactly : Math.min(top.upTo, roundUp(Math.max(1, ...points.map(([, value]) => value))))
  const x = (step: number): number => margin.left + (step / steps) * (width - margin.left - margin.right)
  const y = (value: number): number => height - margin.bottom - (Math.min(value, most) / most) * (height - margin.top - margin.bottom)
  const rows = [0, 0.5, 1].map((share) => share * most)
  const columns = [0, 0.5, 1].map((share) => share * steps)
  svg.replaceChildren(
    ...rows.flatMap((value) => [
      svgElement('line', { class: 'grid', x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) }),
      svgElement('text', { x: margin.left - 6, y: y(value) + 5, 'text-anchor': 'end' }, show(value))
    ]),
    ...columns.map((step, k) => svgElement('text', { x: x(step), y: height - 6, 'text-anchor': k === 0 ? 'start' : k === 1 ? 'middle' : 'end' }, k === 2 ? `${show(step)} steps` : show(step))),
    ...curves.map((curve) => svgElement('polyline', { class: `curve ${curve.style}`, points: thinned(curve.points).map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ') })),
    ...curves.flatMap((curve) => {
      const [step = 0, value = 0] = curve.points.at(-1) ?? []
      // A cross: words would hide other curves.
      return curve.end === undefined ? [] : [svgElement('text', { class: `end ${curve.style}`, x: x(step), y: y(value) + 7, 'text-anchor': 'middle' }, '×')]
    })
  )
  const described = curves.map(({ name, points: own, end }) => `${name}: ${own.length === 0 ? 'no value yet' : `${show(own.at(-1)?.[1] ?? 0)} at step ${own.at(-1)?.[0] ?? 0}`}${end === undefined ? '' : `, ${end}`}`)
  svg.setAttribute('aria-label', [title, ...described].join('. '))
}
