import { placeholder } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { either as E } from 'fp-ts'
import { zerosLike } from '../expression.js'
import { pullBack } from '../reverse.js'
import { replacementsOf, substituteDefined } from '../substitute.js'
import type { Cotangent } from '../vjp/rule.js'
import { isZero, linearPart } from './linear-part.js'
import type { Followed } from './linear-part.js'

/** A map from variables to tensors at a point, of which linearity in the variables is asked; `undefined` is zero. */
export type MapAt = (point: readonly Tensor[], variables: readonly Tensor[]) => readonly (Tensor | undefined)[]

/** A map whose program does not show it to be linear, and what in it does not: a phrase that ends before `variables`. */
export interface NotLinear {
  readonly _tag: 'NotLinear'
  readonly found: string
}

/**
 * The transpose of a linear map: from cotangents of its results to those of its variables, which are shaped as `shapes`. The map is
 * built once, on placeholders, so that the cost is its size whatever the point rests on. `Left` where a result that has a cotangent
 * is not linear, as far as its program shows.
 */
export const transposeAt = (
  point: readonly Tensor[],
  shapes: readonly Pick<Tensor, 'shape' | 'dtype'>[],
  map: MapAt,
  cotangents: readonly Cotangent[]
): E.Either<NotLinear, readonly Cotangent[]> => {
  const places = point.map((tensor, index) => placeholder(`point ${index}`, tensor))
  const variables = shapes.map((tensor, index) => placeholder(`variable ${index}`, tensor))
  const used = map(places, variables).flatMap((output, index) => {
    const cotangent = cotangents[index]
    return output === undefined || cotangent === undefined
      ? []
      : [{ output, cotangent, seed: placeholder(`cotangent ${index}`, cotangent) }]
  })
  const parts = linearPart(
    used.map(({ output }) => output),
    variables
  )
  const obstacle = parts.map(obstacleOf).find((found) => found !== undefined)
  if (obstacle !== undefined) return E.left({ _tag: 'NotLinear', found: obstacle })
  const answers = pullBack(
    parts.map(({ tensor }) => tensor),
    used.map(({ seed }) => seed),
    variables
  )
  // What is left of the variables does not count: operands that a branch's derivative does not use, what a barrier waits for.
  const replacements = replacementsOf(
    [...places, ...used.map(({ seed }) => seed), ...variables],
    [...point, ...used.map(({ cotangent }) => cotangent), ...variables.map(zerosLike)]
  )
  return E.right(substituteDefined(answers, replacements))
}

/** Why a result is not linear; a constant one is linear if it is zero. */
const obstacleOf = ({ tensor, dependence }: Followed): string | undefined => {
  if (dependence === 'linear') return undefined
  if (dependence !== 'none') return `${dependence.through} of the`
  return isZero(tensor) ? undefined : 'an answer, not zero, that does not depend on the'
}
