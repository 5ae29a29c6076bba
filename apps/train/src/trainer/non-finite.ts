import { either as E } from 'fp-ts'
import type { Position } from '@tabula/coco/pipeline'
import { trainingStep } from '@tabula/detection'
import type { MaskRcnn } from '@tabula/detection'
import type { Optimizer } from '@tabula/nn'
import { iterate } from '@tabula/tensor'
import type { Device } from '@tabula/tensor'
import { failed } from '../failure.js'
import type { Failure } from '../failure.js'
import { notFinite } from './checkpoint.js'
import type { TrainingState } from './checkpoint.js'
import { diagnose } from './diagnose.js'
import type { Origin } from './diagnose.js'
import { numbersOf } from './losses.js'
import type { PreparedStep, StepInputs } from './step-inputs.js'

/** A state of a run that was known to be good, and how its steps are made again. */
export interface Retrace {
  readonly device: Device
  readonly model: MaskRcnn
  readonly optimizer: Optimizer
  readonly state: TrainingState
  readonly step: number
  readonly position: Position
  readonly prepare: (from: Position, at: number) => Promise<E.Either<Failure, PreparedStep>>
}

/** The first step at which something is not finite, counted from 1, and what it came from. */
interface BadStep {
  readonly step: number
  readonly losses: Readonly<Record<string, number>>
  readonly prepared: PreparedStep
  readonly origin: Origin
}

const originText = (origin: Origin, images: readonly string[]): string => {
  switch (origin.where) {
    case 'weight':
      return `${origin.layer}: a weight was not finite before the step`
    case 'image':
      return `none: pixels of image ${images[origin.image] ?? '?'} are not finite`
    case 'output':
      return `${origin.layer}: the first whose output is not finite`
    case 'gradient':
      return `${origin.layer}: all outputs are finite; the first, from the losses back, whose gradient is not`
    case 'update':
      return `${origin.layer}: all outputs and gradients are finite; the first, from the losses back, whose update is not`
    case 'loss':
      return 'none: the outputs of all layers are finite, the loss made of them is not'
    case 'nowhere':
      return 'none: computed again, all outputs, gradients and updates are finite'
  }
}

const describe = ({ step, losses, prepared: { batch, inputs }, origin }: BadStep, kept: string): Failure => {
  const bad = Object.entries(losses).filter(([, value]) => !Number.isFinite(value))
  const images = batch.items.map(({ imageId, fileName }) => `${imageId} (${fileName})`)
  return failed(
    [
      `Step ${step}: ${bad.length > 0 ? `the loss ${bad.map(([name, value]) => `"${name}" is ${value}`).join(', ')}` : `all losses are finite (${Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(', ')}), but not the weights after it`}.`,
      `  layer: ${originText(origin, images)}`,
      `  images: ${images.join(', ')}`,
      `  learning rate: ${Number((inputs.learningRate.data[0] ?? NaN).toPrecision(6))}`,
      `  ${kept} Lower optimization.learningRate or lengthen optimization.warmUp${origin.where === 'image' ? ', or mend the image' : ''}.`
    ].join('\n')
  )
}

/**
 * Repeats the steps from a good state, which gives the same numbers, up to the first at which a loss or a weight is not finite, and says
 * where in that step this begins. `until` is the step at which it was noticed; `kept` says which checkpoint there is.
 */
export const explainNotFinite = async ({ device, model, optimizer, prepare, ...from }: Retrace, until: number, kept: string): Promise<Failure> => {
  const unknown = (why: string): Failure => failed(`Step ${until}: a loss or a weight is not finite; where from could not be found: ${why}\n  ${kept} Lower optimization.learningRate or lengthen optimization.warmUp.`)
  const iteration = await iterate(device)<TrainingState, StepInputs, ReturnType<MaskRcnn['train']>[0]>(trainingStep(model, optimizer), from.state)()
  if (E.isLeft(iteration)) return unknown(iteration.left.message)
  const { advance, state: readState } = iteration.right
  let { state, position } = from
  for (let step = from.step + 1; step <= until; step++) {
    const prepared = await prepare(position, step - 1)
    if (E.isLeft(prepared)) return prepared.left
    const output = await advance(prepared.right.inputs)()
    const next = await readState()
    if (E.isLeft(output) || E.isLeft(next)) return unknown(E.isLeft(output) ? output.left.message : 'the state cannot be read')
    const losses = numbersOf(output.right)
    if (!Object.values(losses).every(Number.isFinite) || notFinite(next.right).length > 0) {
      const origin = await diagnose(device, model, optimizer, state, prepared.right.inputs)()
      return E.isLeft(origin) ? unknown(origin.left.message) : describe({ step, losses, prepared: prepared.right, origin: origin.right }, kept)
    }
    state = next.right
    position = prepared.right.after
  }
  return unknown('the same steps, repeated, are all finite')
}
