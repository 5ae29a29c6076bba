import type { RandomStream } from './random-stream.js'

/** A colour in degrees and percents. */
export type Hsl = { readonly hue: number; readonly saturation: number; readonly lightness: number }

/** A fill for SVG: the definitions it needs, and what to write in `fill`. */
export type Paint = { readonly definitions: string; readonly fill: string }

/** `hsl(…)` as librsvg and browsers read it. */
export const css = ({ hue, saturation, lightness }: Hsl): string =>
  `hsl(${(((hue % 360) + 360) % 360).toFixed(0)},${saturation.toFixed(0)}%,${lightness.toFixed(0)}%)`

/** The two colours of an object: lighter than a dark background or darker than a light one, in any hue. */
export const objectColours = (random: RandomStream, background: Hsl, hue: number): readonly [Hsl, Hsl] => {
  const up = background.lightness < 50
  const first = up ? random.range(62, 72) : random.range(28, 40)
  const second = up ? random.range(76, 92) : random.range(8, 24)
  const saturation = random.range(55, 95)
  return [
    { hue, saturation, lightness: first },
    { hue: hue + random.range(-60, 60), saturation, lightness: second }
  ]
}

const gradientStops = (first: Hsl, second: Hsl): string =>
  `<stop offset="0" stop-color="${css(first)}"/><stop offset="1" stop-color="${css(second)}"/>`

/** A plain, shaded, striped, checked or dotted fill in two colours. `id` names its definition; `radius` is the object's. */
export const texturedPaint = (random: RandomStream, id: string, radius: number, first: Hsl, second: Hsl): Paint => {
  const turn = random.range(0, 360).toFixed(0)
  const period = Math.max(3, radius * random.range(0.28, 0.5))
  const pattern = (content: string): Paint => ({
    definitions:
      `<pattern id="${id}" width="${period.toFixed(2)}" height="${period.toFixed(2)}" patternUnits="userSpaceOnUse" ` +
      `patternTransform="rotate(${turn})"><rect width="100%" height="100%" fill="${css(first)}"/>${content}</pattern>`,
    fill: `url(#${id})`
  })
  const half = (period / 2).toFixed(2)
  switch (random.pick(['plain', 'linear', 'radial', 'stripes', 'checks', 'dots'] as const)) {
    case 'plain':
      return { definitions: '', fill: css(first) }
    case 'linear':
      return {
        definitions: `<linearGradient id="${id}" gradientTransform="rotate(${turn} .5 .5)">${gradientStops(first, second)}</linearGradient>`,
        fill: `url(#${id})`
      }
    case 'radial':
      return { definitions: `<radialGradient id="${id}">${gradientStops(second, first)}</radialGradient>`, fill: `url(#${id})` }
    case 'stripes':
      return pattern(`<rect width="${half}" height="100%" fill="${css(second)}"/>`)
    case 'checks':
      return pattern(
        `<rect width="${half}" height="${half}" fill="${css(second)}"/>` +
          `<rect x="${half}" y="${half}" width="${half}" height="${half}" fill="${css(second)}"/>`
      )
    case 'dots':
      return pattern(`<circle cx="${half}" cy="${half}" r="${(period * 0.32).toFixed(2)}" fill="${css(second)}"/>`)
  }
}
