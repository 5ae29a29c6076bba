import type { Size } from './resize.js'

/** The size of a batch: the largest height and width, rounded up to multiples of `divisor`. */
export const paddedSize = (sizes: readonly Size[], divisor: number): Size => {
  const up = (side: number): number => Math.ceil(side / divisor) * divisor
  return { height: up(Math.max(0, ...sizes.map(({ height }) => height))), width: up(Math.max(0, ...sizes.map(({ width }) => width))) }
}
