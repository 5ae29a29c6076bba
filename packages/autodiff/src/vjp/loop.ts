import { bindAll, graphOf, placeholder, topologicalOrder } from '@tabula/tensor'
import type { Attributes, Graph, ScanAttributes, Tensor } from '@tabula/tensor'
import { add, at, zerosLike } from '../expression.js'
import type { Cotangent, PullBack } from './rule.js'

const positionsOf = (all: readonly unknown[]): readonly number[] => all.map((_, index) => index)

/** One step backward: what is answered for the body's inputs when these of its outputs have cotangents. */
interface BackwardStep {
  /** Placeholders for the cotangents of the body's outputs. */
  readonly seeds: readonly (Tensor | undefined)[]
  readonly answers: readonly Cotangent[]
}

/** The step backward in which every carry has a cotangent that gets one from the step before it, in the order of the backward pass. */
const backwardStep = (
  { attributes, cotangents, pullBackGraph }: Pick<Parameters<PullBack<'scan'>>[0], 'attributes' | 'cotangents' | 'pullBackGraph'>,
  wanted: readonly boolean[]
): BackwardStep => {
  const { body, constants, carries } = attributes
  let live: readonly boolean[] = body.outputs.map((_, index) => cotangents[index] !== undefined)
  for (;;) {
    const seeds = body.outputs.map((output, index) => (live[index] === true ? placeholder(`cotangent ${index}`, output) : undefined))
    const answers = pullBackGraph(body, body.inputs, seeds, wanted)
    const before = answers.slice(constants, constants + carries)
    if (before.every((answer, carry) => answer === undefined || live[carry] === true)) return { seeds, answers }
    live = live.map((isLive, index) => isLive || before[index] !== undefined)
  }
}

/** The carries before every step, stacked: those that the loop answers, or those of the loop run once more. */
const histories = (attributes: ScanAttributes, inputs: readonly Tensor[], outputs: readonly Tensor[], wanted: readonly Tensor[]): readonly Tensor[] => {
  const { body, carries } = attributes
  const answered = (parameter: Tensor): number => body.outputs.findIndex(({ node }, index) => index >= carries && node === parameter.node)
  const missing = wanted.filter((parameter) => answered(parameter) === -1)
  const more =
    missing.length === 0 ? [] : bindAll('scan', { ...attributes, body: graphOf(body.inputs, [...body.outputs, ...missing]) }, ...inputs).slice(body.outputs.length)
  return wanted.map((parameter) => at(answered(parameter) === -1 ? more : outputs, answered(parameter) === -1 ? missing.indexOf(parameter) : answered(parameter)))
}

/**
 * A loop in the other direction, over the derivative of the body: carried are the carries' cotangents and the sums of the constants'. A
 * step needs the carries before it, which the loop forward answers stacked, and computes the rest of the body again.
 */
export const scanRule: PullBack<'scan'> = ({ attributes, inputs, outputs, cotangents, wanted, pullBackGraph }) => {
  const { body, constants, carries, length, reverse } = attributes
  if (length === 0) return inputs.map((_, index) => (index < constants ? undefined : cotangents.slice(0, carries)[index - constants]))
  const isCarry = (index: number): boolean => index >= constants && index < constants + carries
  const { seeds, answers } = backwardStep(
    { attributes, cotangents, pullBackGraph },
    // A carry that is not wanted itself may lead to what is. What is not used is left out by devices.
    body.inputs.map((_, index) => isCarry(index) || wanted[index] === true)
  )
  const live = positionsOf(body.outputs).slice(0, carries).filter((carry) => seeds[carry] !== undefined)
  const summed = positionsOf(inputs).slice(0, constants).filter((index) => answers[index] !== undefined)
  const sliced = positionsOf(inputs).slice(constants + carries).filter((index) => answers[index] !== undefined)
  const sums = summed.map((index) => placeholder(`sum ${index}`, at(body.inputs, index)))
  const next = [
    ...live.map((carry) => answers[constants + carry] ?? zerosLike(at(body.outputs, carry))),
    ...answers.slice(0, constants).filter((answer) => answer !== undefined).map((answer, position) => add(at(sums, position), answer))
  ]
  const seedsOf = (positions: readonly number[]): readonly Tensor[] => positions.flatMap((index) => seeds[index] ?? [])
  // The cotangents before each step, for the derivative of this loop.
  const results = [...next, ...sliced.flatMap((index) => answers[index] ?? []), ...seedsOf(live)]
  const used = new Set(topologicalOrder(results))
  const usedInputs = positionsOf(inputs).filter((index) => used.has(at(body.inputs, index).node))
  const fixed = usedInputs.filter((index) => index < constants)
  const carried = usedInputs.filter(isCarry)
  const xs = usedInputs.filter((index) => index >= constants + carries)
  const given = positionsOf(outputs).slice(carries).filter((index) => seeds[index] !== undefined)
  const parametersAt = (positions: readonly number[]): readonly Tensor[] => positions.map((index) => at(body.inputs, index))
  const backward: Graph = graphOf(
    [...parametersAt(fixed), ...seedsOf(live), ...sums, ...parametersAt(carried), ...parametersAt(xs), ...seedsOf(given)],
    results
  )
  const loop: Attributes['scan'] = { body: backward, constants: fixed.length, carries: next.length, length, reverse: !reverse }
  const found = bindAll(
    'scan',
    loop,
    ...fixed.map((index) => at(inputs, index)),
    ...live.map((carry) => cotangents[carry] ?? zerosLike(at(outputs, carry))),
    ...summed.map((index) => zerosLike(at(inputs, index))),
    ...histories(attributes, inputs, outputs, parametersAt(carried)),
    ...xs.map((index) => at(inputs, index)),
    ...given.flatMap((index) => cotangents[index] ?? [])
  )
  const foundAt = (positions: readonly number[], index: number, first: number): Cotangent => {
    const position = positions.indexOf(index)
    return position === -1 ? undefined : at(found, first + position)
  }
  return inputs.map((_, index) => {
    if (index < constants) return foundAt(summed, index, live.length)
    return isCarry(index) ? foundAt(live, index - constants, 0) : foundAt(sliced, index, next.length)
  })
}
