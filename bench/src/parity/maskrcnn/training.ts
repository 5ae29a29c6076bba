import { either as E } from 'fp-ts'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { anchorsOf, rpnTargets, totalLoss, trainingStep, trainingValues } from '@tabula/detection'
import type { ImageTargets, MaskRcnn, MaskRcnnLosses, StepValues, TrainingState, Trees } from '@tabula/detection'
import { sgd, toStateDict } from '@tabula/nn'
import { compile, iterate, scalar, showError } from '@tabula/tensor'
import type { Device, HostValue } from '@tabula/tensor'
import { compare } from '../compare.js'
import type { Comparison, Numbers } from '../compare.js'
import { isRecord, numberOf, records } from '../coco/read.js'
import type { Json } from '../coco/read.js'
import type { Recording } from '../files.js'
import { targetsOf, transformed } from './model.js'
import type { Stages } from './evaluation.js'

const lossNames = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg', 'loss_mask'] as const

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

const one = (x: number): Numbers => ({ shape: [1], data: [x] })
const relative = (share: number) => (largest: number): number => share * largest

/** Sum and Euclidean norm of a value. */
const digest = ({ data }: HostValue): { readonly sum: number; readonly l2: number } => {
  let [sum, squares] = [0, 0]
  for (const x of data) {
    sum += x
    squares += x * x
  }
  return { sum, l2: Math.sqrt(squares) }
}

/** A recorded norm or sum of each parameter; a sum may cancel, so it is held against the norm. */
const digests = (what: string, found: Readonly<Record<string, HostValue>>, wanted: unknown, tolerance: number): readonly Comparison[] => {
  if (!isRecord(wanted)) throw new Error(`${what}: expected a record`)
  return Object.entries(wanted).map(([name, value]) => {
    const own = found[name]
    if (own === undefined) return { what: `${what} of ${name}`, error: Infinity, tolerance, note: `the model has no parameter ${name}` }
    const l2 = isRecord(value) ? numberOf(value, 'l2') : Number(value)
    return compare(`${what} of ${name}`, one(digest(own).l2), one(l2), relative(tolerance))
  })
}

/** Anchors' labels and the drawn ones, beside the recorded sets. */
const compareAnchors = (model: MaskRcnn, items: readonly ImageTargets[], height: number, width: number, recording: Recording): readonly Comparison[] => {
  const anchors = anchorsOf(model.options, height, width)
  return items.flatMap(({ boxes }, i) => {
    const { labels, index, label, weight } = rpnTargets(anchors, boxes, model.options.rpnTargets, { _tag: 'first' })
    const [positive, negative] = [new Uint8Array(anchors.count), new Uint8Array(anchors.count)]
    index.forEach((anchor, row) => {
      if ((weight[row] ?? 0) > 0) ((label[row] ?? 0) > 0 ? positive : negative)[anchor] = 1
    })
    return Object.entries({ [`rpn.labels.${i}`]: labels, [`rpn.sampled_pos.${i}`]: positive, [`rpn.sampled_neg.${i}`]: negative }).map(([name, data]) => {
      const wanted = recording.get(name)
      return wanted === undefined ? { what: name, error: Infinity, tolerance: 0, note: `${name} is not recorded` } : compare(name, { shape: [anchors.count], data }, wanted, () => 0)
    })
  })
}

/** The first step's losses and gradients, and ten steps of SGD, beside the recorded ones. */
export const compareTraining = async (
  config: Json,
  model: MaskRcnn,
  weights: { readonly params: Trees; readonly state: Trees },
  recording: Recording,
  summary: Json,
  device: Device
): Promise<Stages> => {
  const input = transformed(config, recording)
  const items = targetsOf(input, recording)
  const capacity = Math.max(1, ...items.map(({ labels }) => labels.length))
  const batch = trainingValues(model.options, { images: input.batch, height: input.height, width: input.width, items }, capacity, { _tag: 'first' })

  const first = right(
    await compile(device)(
      (args) => {
        const { auxiliary, gradient } = valueAndGradWithAux((params: Trees) => {
          const [losses] = model.train(params, args.state, args.batch)
          return [totalLoss(losses), losses] as const
        })(args.params)
        return { losses: auxiliary, gradient }
      },
      { ...weights, batch }
    )()
  )
  const { losses, gradient } = right(await first.run({ ...weights, batch })())
  // The tree of gradients has the parameters' structure, with values at its leaves.
  const gradients = toStateDict(gradient)
  const steps = records(summary['steps'], 'steps')
  const lossTolerance = Math.max(1e-3, 10 * numberOf(summary, 'float32_drift'))
  const compareLosses = (what: string, found: Readonly<Record<string, HostValue>>, wanted: Json, tolerance: number): readonly Comparison[] =>
    lossNames.map((name) => compare(`${what} ${name}`, one(found[name]?.data[0] ?? NaN), one(numberOf(wanted, name)), relative(tolerance)))

  const optimizer = sgd({ momentum: numberOf(summary, 'momentum'), weightDecay: numberOf(summary, 'weight_decay') })
  const start: TrainingState = { ...weights, optimizer: optimizer.init(weights.params) }
  const iteration = right(await iterate(device)<TrainingState, StepValues, MaskRcnnLosses>(trainingStep(model, optimizer), start)())
  const trajectory: Comparison[] = []
  for (const [index, wanted] of steps.entries()) {
    const found = right(await iteration.advance({ batch, learningRate: scalar(numberOf(summary, 'lr')) })())
    trajectory.push(...compareLosses(`step ${index}`, { ...found }, wanted, lossTolerance))
  }
  const after = right(await iteration.state())

  return {
    targets: items.flatMap(({ boxes, masks }, i) =>
      [
        { name: `target${i}.boxes`, data: boxes, tolerance: 2e-3 },
        { name: `target${i}.masks`, data: masks, tolerance: 0 }
      ].map(({ name, data, tolerance }) => {
        const wanted = recording.get(name)
        return wanted === undefined ? { what: name, error: Infinity, tolerance, note: `${name} is not recorded` } : compare(name, { shape: wanted.shape, data }, wanted, () => tolerance)
      })
    ),
    'anchor labels and draws': compareAnchors(model, items, input.height, input.width, recording),
    losses: compareLosses('first', { ...losses }, steps[0] ?? {}, 1e-4),
    gradients: [...recording]
      .filter(([name]) => name.startsWith('grad.'))
      .map(([name, wanted]) => compare(name, gradients[name.slice('grad.'.length)], wanted, relative(1e-3))),
    'gradient norms': digests('gradient norm', gradients, summary['grad_l2'], 1e-3),
    'ten steps': trajectory,
    'after ten steps': digests('norm', { ...toStateDict(after.params), ...toStateDict(after.state) }, summary['after'], lossTolerance)
  }
}
