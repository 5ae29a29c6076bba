import { readFileSync } from 'node:fs'
import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { constant, floats, graphOf, tensorsOf } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { model, optimizer, schedule } from '../src/mask-rcnn-r50-fpn-gn.js'

test('the file is at most 60 lines, and the model in it one expression', () => {
  const source = readFileSync(new URL('../src/mask-rcnn-r50-fpn-gn.ts', import.meta.url), 'utf8').trimEnd()
  expect(source.split('\n').length).toBeLessThanOrEqual(60)
  expect(source).toMatch(/export const model = rcnn\(\{[\s\S]*?\n\}\)\n/)
  expect([model.options.classes, model.options.backbone.levels.map(({ stride }) => stride), model.options.backbone.pooled]).toEqual([81, [4, 8, 16, 32, 64], 4])
})

test('weights decay, norms do not, and biases neither, which learn at twice the rate', () => {
  const one = (): Tensor<Shape, 'f32'> => constant(floats([1], [1]))
  const block = () => ({ conv1: { weight: one() }, bn1: { weight: one(), bias: one() }, downsample: { '0': { weight: one() }, '1': { weight: one(), bias: one() } } })
  const head = () => ({ '1': { '0': { weight: one() }, '1': { weight: one(), bias: one() } }, '5': { weight: one(), bias: one() } })
  const params = { backbone: { body: { layer1: { '1': block() } } }, roi_heads: { box_head: head() } }
  // Parameters, gradients and momentum are all ones.
  const step = { step: constant(floats([], [0])) as Tensor<Shape, 'f32'>, slots: { momentum: params } }
  const [next] = optimizer.update(params, step, params, constant(floats([], [0.5])) as Tensor<Shape, 'f32'>)
  const outcome = evaluate(graphOf([], tensorsOf(next)), [])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  // 1 − rate · (0.9 + gradient 1 + decay).
  const [decayed, norm, bias] = [1 - 0.5 * 1.9001, 1 - 0.5 * 1.9, 1 - 1.9].map((x) => expect.closeTo(x, 6))
  expect(outcome.right.map(({ data }) => Number(data[0]))).toEqual([decayed, norm, norm, decayed, norm, norm, decayed, norm, norm, decayed, bias])
})

test('the schedule is the paper’s 6×', () => {
  expect([schedule.steps, schedule.trunk]).toEqual([540_000, 480_000])
  expect([0, 500, 479_999, 480_000, 520_000].map((step) => Number(schedule.rate(step).toPrecision(6)))).toEqual([0.00666667, 0.02, 0.02, 0.002, 0.0002])
})
