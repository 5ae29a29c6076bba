import { css } from './paint.js'
import type { Hsl } from './paint.js'
import type { RandomStream } from './random-stream.js'

/** The main colour of a background: muted, and clearly dark or clearly light so that objects of any hue stand out. */
export const backgroundColour = (random: RandomStream): Hsl => ({
  hue: random.range(0, 360),
  saturation: random.range(4, 30),
  lightness: random.chance(0.5) ? random.range(16, 38) : random.range(64, 84)
})

/** SVG of a cluttered background: a gradient, soft blobs, thin lines and splinters, all close to the main colour. */
export const backgroundSvg = (random: RandomStream, colour: Hsl, width: number, height: number): string => {
  const crowdedness = (width * height) / (128 * 128)
  const near = (spread: number): string =>
    css({
      hue: colour.hue + random.range(-50, 50),
      saturation: Math.min(40, colour.saturation + random.range(0, 15)),
      lightness: colour.lightness + random.range(-spread, spread)
    })
  const many = (low: number, high: number, one: () => string): string =>
    Array.from({ length: Math.round(random.range(low, high) * crowdedness) }, one).join('')
  const across = (): string => `${random.range(-5, width + 5).toFixed(1)} ${random.range(-5, height + 5).toFixed(1)}`
  const blob = (): string => {
    const [x, y] = [random.range(0, width).toFixed(1), random.range(0, height).toFixed(1)]
    const [rx, ry] = [random.range(5, 34).toFixed(1), random.range(4, 24).toFixed(1)]
    const turn = `rotate(${random.range(0, 180).toFixed(0)} ${x} ${y})`
    return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" transform="${turn}" fill="${near(11)}" opacity=".55" filter="url(#soft)"/>`
  }
  const line = (): string =>
    `<path d="M${across()}Q${across()} ${across()}" fill="none" stroke="${near(14)}" stroke-width="${random.range(0.5, 1.8).toFixed(1)}"/>`
  const splinter = (): string => {
    const [x, y] = [random.range(0, width), random.range(0, height)]
    const corners = Array.from({ length: random.integer(4, 7) }, (_, index, { length } = { length: 6 }) => {
      const angle = (2 * Math.PI * (index + random.range(0, 0.8))) / length
      const radius = random.range(1.5, 9)
      return `${(x + radius * Math.cos(angle)).toFixed(1)} ${(y + radius * Math.sin(angle)).toFixed(1)}`
    })
    return `<path d="M${corners.join('L')}Z" fill="${near(13)}"/>`
  }
  return [
    `<defs><linearGradient id="ground" gradientTransform="rotate(${random.range(0, 360).toFixed(0)} .5 .5)">`,
    `<stop offset="0" stop-color="${near(8)}"/><stop offset="1" stop-color="${near(8)}"/></linearGradient>`,
    '<filter id="soft"><feGaussianBlur stdDeviation="2.5"/></filter></defs>',
    `<rect width="${width}" height="${height}" fill="url(#ground)"/>`,
    many(4, 9, blob),
    many(4, 11, line),
    many(6, 16, splinter)
  ].join('')
}
