import { bindAll, graphOf, placeholder } from '@tabula/tensor'
import type { ScanAttributes, Tensor } from '@tabula/tensor'
import { at, zerosLike } from '../expression.js'
import type { PushForward, PushForwardGraph, Tangent } from './rule.js'

/** One step forward: which carries move, and the tangents of the body's outputs in terms of those of its inputs. */
interface MovedStep {
  /** Placeholders for the tangents of the body's inputs. */
  readonly seeds: readonly (Tensor | undefined)[]
  readonly tangents: readonly Tangent[]
}

/** The step in which every carry moves that a step moves, from the first one on. */
const movedStep = ({ body, constants, carries }: ScanAttributes, given: readonly Tangent[], pushForwardGraph: PushForwardGraph): MovedStep => {
  const moving = given.map((tangent) => tangent !== undefined)
  for (;;) {
    const seeds = body.inputs.map((input, index) => (moving[index] === true ? placeholder(`tangent ${index}`, input) : undefined))
    const tangents = pushForwardGraph(body, body.inputs, seeds)
    const reached = tangents.slice(0, carries).flatMap((tangent, carry) => (tangent !== undefined && moving[constants + carry] !== true ? [constants + carry] : []))
    if (reached.length === 0) return { seeds, tangents }
    reached.forEach((index) => (moving[index] = true))
  }
}

/**
 * A loop over the carries and over the tangents of those that move, so that nothing of the steps before has to be kept. It answers both
 * stacked as they were before each step, which is what its own derivative needs.
 */
export const scanRule: PushForward<'scan'> = ({ attributes, inputs, tangents, pushForwardGraph }) => {
  const { body, constants, carries, length, reverse } = attributes
  if (length === 0) return tangents.slice(constants, constants + carries)
  const { seeds, tangents: found } = movedStep(attributes, tangents, pushForwardGraph)
  const outputs = body.outputs.map((_, index) => index)
  const movingCarries = outputs.filter((index) => index < carries && seeds[constants + index] !== undefined)
  const movingYs = outputs.filter((index) => index >= carries && found[index] !== undefined)
  const parts = <T>(all: readonly (T | undefined)[], first: number, end?: number): readonly T[] => all.slice(first, end).filter((x) => x !== undefined)
  const ends = constants + carries
  const beginning = movingCarries.map((carry) => tangents[constants + carry] ?? zerosLike(at(inputs, constants + carry)))
  // What a step begins with; answered, too, for the loop's own derivative.
  const before = [...body.inputs.slice(constants, ends), ...parts(seeds, constants, ends)]
  const loop = graphOf(
    [
      ...body.inputs.slice(0, constants),
      ...parts(seeds, 0, constants),
      ...before,
      ...body.inputs.slice(ends),
      ...parts(seeds, ends)
    ],
    [
      ...body.outputs.slice(0, carries),
      ...movingCarries.map((carry) => found[carry] ?? zerosLike(at(body.outputs, carry))),
      ...movingYs.flatMap((index) => found[index] ?? []),
      ...before
    ]
  )
  const fixed = constants + parts(tangents, 0, constants).length
  const answers = bindAll(
    'scan',
    { body: loop, constants: fixed, carries: carries + movingCarries.length, length, reverse },
    ...inputs.slice(0, constants),
    ...parts(tangents, 0, constants),
    ...inputs.slice(constants, ends),
    ...beginning,
    ...inputs.slice(ends),
    ...parts(tangents, ends)
  )
  const moved = [...movingCarries, ...movingYs]
  return outputs.map((index) => (moved.includes(index) ? at(answers, carries + moved.indexOf(index)) : undefined))
}
