import { sizeOf } from '@tabula/tensor'
import type { Case, Numbers } from './case.js'

const single = (data: readonly number[]): readonly number[] => data.map(Math.fround)

/** Numbers of a shape. */
export const numbers = (shape: readonly number[], data: readonly number[]): Numbers => ({ shape, data: single(data) })

/** Numbers of a shape, evenly spaced between two, none twice, in an order that looks random: no two are near one another. */
export const spread = (shape: readonly number[], [from, to]: readonly [number, number] = [-2.05, 1.95], seed = 0): Numbers => {
  const size = sizeOf(shape)
  const places = Array.from({ length: size }, (_, k) => ({ k, order: Math.sin(12.9898 * (k + 1) + 78.233 * (seed + 1)) * 43758.5453 % 1 })).sort((a, b) => a.order - b.order)
  const data = new Array<number>(size).fill(0)
  places.forEach(({ k }, place) => (data[k] = from + ((place + 0.5) * (to - from)) / size))
  return numbers(shape, data)
}

/** The fixed weight of element k of a result. */
export const weight = (k: number): number => Math.fround(0.3 + 0.7 * Math.sin(1.7 * k + 1))

/** The direction along which a case's arguments move in second derivatives and in forward mode: `along`, or numbers that look random. */
export const directionOf = ({ at, along }: Case): readonly (readonly number[])[] =>
  along ?? at.map(({ data }, argument) => single(data.map((_, k) => 0.5 + Math.cos(2.3 * k + argument))))
