import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { inferenceValues, trainingStep, trainingValues } from '@tabula/detection'
import type { StepValues, TrainingState } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { compile, iterate, key, scalar, showError } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { model } from '../src/attribute-head.js'

const side = 64
/** A bright and a dark square; the bright one has the first attribute, the dark one the second. */
const squares = [
  { x: 6, y: 10, size: 22, tone: 1, attributes: [1, 0] },
  { x: 34, y: 28, size: 26, tone: -1, attributes: [0, 1] }
]
const images = new Float32Array(3 * side * side)
const masks = new Uint8Array(squares.length * side * side)
squares.forEach(({ x, y, size, tone }, k) => {
  for (let row = y; row < y + size; row++) {
    for (let channel = 0; channel < 3; channel++) images.fill(2 * tone, (channel * side + row) * side + x, (channel * side + row) * side + x + size)
    masks.fill(1, (k * side + row) * side + x, (k * side + row) * side + x + size)
  }
})
const item = {
  height: side,
  width: side,
  boxes: Float32Array.from(squares.flatMap(({ x, y, size }) => [x, y, x + size, y + size])),
  labels: Int32Array.of(1, 2),
  masks,
  attributes: Uint8Array.from(squares.flatMap(({ attributes }) => attributes))
}

const right = <A>(outcome: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(outcome)) throw new Error(showError(outcome.left))
  return outcome.right
}

test('the attributes of two objects are learned beside their boxes and masks', async () => {
  const device = right(await cpuDevice()())
  const batch = trainingValues(model.options, { images, height: side, width: side, items: [item] }, 2, { _tag: 'random', key: key(1) })
  const weights = model.init(key(0))
  const optimizer = sgd({ momentum: 0.9 })
  type Losses = ReturnType<typeof model.train>[0]
  const start: TrainingState = { ...weights, optimizer: optimizer.init(weights.params) }
  const iteration = right(await iterate(device)<TrainingState, StepValues<typeof batch>, Losses>(trainingStep(model, optimizer), start)())
  const attributeLosses: number[] = []
  for (let step = 0; step < 60; step++) {
    const losses = right(await iteration.advance({ batch, learningRate: scalar(0.02) })())
    const all: Readonly<Record<string, HostValue>> = { ...losses }
    expect(Object.keys(all)).toHaveLength(6)
    attributeLosses.push(losses.loss_attributes.data[0] ?? NaN)
  }
  expect(attributeLosses[0]).toBeGreaterThan(0.4)
  expect(attributeLosses.at(-1)).toBeLessThan(0.1)

  const { params, state } = right(await iteration.state())
  const values = { params, state, batch: inferenceValues({ images, height: side, width: side, items: [item] }) }
  const program = right(await compile(device)((x) => model.infer(x.params, x.state, x.batch), values)())
  const { attributes, labels, scores } = right(await program.run(values)())
  expect(attributes.shape).toEqual([...labels.shape, 2])
  // The best detection of each class has that object's attributes.
  for (const label of [1, 2]) {
    const at = Array.from(labels.data, Number).findIndex((found, k) => found === label && (scores.data[k] ?? 0) > 0)
    expect(at).toBeGreaterThanOrEqual(0)
    expect((attributes.data[2 * at + label - 1] ?? 0) > 0.5).toBe(true)
    expect((attributes.data[2 * at + (2 - label)] ?? 1) < 0.5).toBe(true)
  }
})
