import type { Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import type { Contraction } from '../lower/contraction/contraction.js'
import { packedAlong } from '../lower/contraction/packing.js'
import type { Packed, Packing } from '../lower/contraction/packing.js'
import { tiledContraction } from '../lower/contraction/tiles.js'
import type { Tiled } from '../lower/contraction/tiles.js'
import { emitTexels, TooWide } from './emit.js'
import type { AddKernel } from './regions.js'
import { Materialize, termOf } from './term.js'
import type { Resolution, Term } from './term.js'

/** What three more kernels cost, in reads of a texel. */
const overhead = 2 ** 17

interface Choice {
  readonly packed: Packed
  readonly tiled: Tiled
}

/** The coordinate along which packing a contraction reads the least; `undefined` where reading number by number takes no more. */
const chosen = (contraction: Contraction): Choice | undefined => {
  const { outer, inner } = contraction
  const products = [...outer, ...inner].reduce((product, { size }) => product * size, 1)
  return inner.reduce<Choice | undefined>((best, along) => {
    const packed = packedAlong(along, contraction)
    const tiled = packed === undefined ? undefined : tiledContraction(packed)
    const most = best?.tiled.reads ?? 2 * products - overhead
    return packed !== undefined && tiled !== undefined && tiled.reads < most ? { packed, tiled } : best
  }, undefined)
}

/** Names what of an operand a packing takes, whatever its coordinates are called. */
const keyOf = ({ sizes, digits, places, size }: Packing): string =>
  JSON.stringify([sizes, size, ...places.map((forms) => forms.map(({ base, terms }) => [base, ...[...terms].map(([coordinate, factor]) => [digits.indexOf(coordinate), factor])]))])

/** Adds the kernels of a contraction over texels of four numbers, where that pays, and answers whether it has. For engines that have texels. */
export type AddPacked = (value: Tensor, contraction: Contraction, add: AddKernel) => boolean

/** Contractions over texels. What is packed once serves all contractions that read it so. `array` computes a value as an array of its own. */
export const packedContractions = (resolution: Resolution, array: (value: Tensor) => void): AddPacked => {
  const known = new Map<Tensor['node'], Map<string, Tensor>>()

  const texelsOf = (packing: Packing, add: AddKernel): Tensor => {
    const { operand, sizes, digits, places, fours, size } = packing
    const own = known.get(operand.node) ?? new Map<string, Tensor>()
    known.set(operand.node, own)
    const key = `${operand.index}|${keyOf(packing)}`
    const before = own.get(key)
    if (before !== undefined) return before
    const emitted = (): ReturnType<typeof emitTexels> => {
      const terms = places.map((axes, place): Term => {
        const inside = termOf(resolution, operand, axes.map((form, axis) => (operand.shape[axis] === 1 ? { base: 0, terms: new Map() } : form)))
        const form = fours[place]
        return size % 4 === 0 || form === undefined ? inside : { _tag: 'within', ranges: [{ form, low: 0, high: size }], inside, outside: { _tag: 'number', value: 0 } }
      })
      return emitTexels(terms, digits, ({ shape }) => sizeOf(shape))
    }
    for (let tries = 0; ; tries++) {
      try {
        const { kernel, seats } = emitted()
        const texels = add(kernel, seats, [...sizes, 4])
        own.set(key, texels)
        return texels
      } catch (thrown) {
        if (tries < 200 && thrown instanceof Materialize) array(thrown.value)
        else if (thrown instanceof TooWide && !resolution.isArray(operand)) array(operand)
        else throw thrown
      }
    }
  }

  return (value, contraction, add) => {
    const choice = value.dtype === 'f32' ? chosen(contraction) : undefined
    if (choice === undefined) return false
    const { packed: { left, right }, tiled: { product, exchanged, results } } = choice
    const texels = [left, right].map((each) => texelsOf(each, add))
    const tiles = add(product, exchanged ? texels.reverse() : texels, [product.elements / 4, 4])
    add(results, [tiles], value)
    return true
  }
}
