/** Tabula's side of a step's row, in a process of its own so that its peak memory is its own: `worker SIZE [DIR]`, a request a line. */
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import { trainingStep, trainingValues } from '@tabula/detection'
import type { MaskRcnnLosses, StepValues, TrainingState } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { iterate, key, messageOf, scalar, showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { readRecording } from '../../parity/files.js'
import { targetsOf, transformed, weightsOf } from '../../parity/maskrcnn/model.js'
import { ownBatch, renamed } from './batch.js'
import { stepModel, stepTransform } from './model.js'
import type { StepSize } from './model.js'

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

const prepare = async (size: StepSize, folder: string | undefined) => {
  const model = stepModel(size)
  const weights = folder === undefined ? model.init(key(0)) : weightsOf(model, await readRecording(join(folder, 'weights.safetensors')))
  const recording = folder === undefined ? ownBatch(size) : renamed(await readRecording(join(folder, 'batch.safetensors')))
  const input = transformed(stepTransform(size), recording)
  const items = targetsOf(input, recording)
  const capacity = Math.max(...items.map(({ labels }) => labels.length))
  const batch = trainingValues(model.options, { images: input.batch, height: input.height, width: input.width, items }, capacity, { _tag: 'first' })
  const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })
  const start: TrainingState = { ...weights, optimizer: optimizer.init(weights.params) }
  const device = right(await cpuDevice()())
  const iteration = right(await iterate(device)<TrainingState, StepValues, MaskRcnnLosses>(trainingStep(model, optimizer), start)())
  return async () => right(await iteration.advance({ batch, learningRate: scalar(1e-4) })())
}

const [size, folder] = process.argv.slice(2)
const say = (answer: object): boolean => process.stdout.write(`${JSON.stringify(answer)}\n`)
try {
  const advance = await prepare(size === 'full' ? 'full' : 'small', folder)
  say({ ready: true })
  for await (const _request of createInterface({ input: process.stdin })) {
    const started = performance.now()
    const losses = await advance()
    const ms = performance.now() - started
    say({ ms, peakMegabytes: process.resourceUsage().maxRSS / 1024, losses: Object.fromEntries(Object.entries(losses).map(([name, { data }]) => [name, data[0]])) })
  }
} catch (thrown) {
  say({ error: messageOf(thrown) })
}
