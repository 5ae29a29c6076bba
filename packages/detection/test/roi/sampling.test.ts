import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { compile, floats, hostValue, integers, showError } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { sampleRois, torchvision } from '../../src/index.js'

interface Case {
  readonly boxes: HostValue<'f32'>
  readonly scores: HostValue<'f32'>
  readonly valid: HostValue<'bool'>
  readonly truthBoxes: HostValue<'f32'>
  readonly truthLabels: HostValue<'i32'>
  readonly truthValid: HostValue<'f32'>
  readonly priority: HostValue<'f32'>
}

/** Four proposals (the third is not valid; the first lies on an object) and two objects, the second of which is padding. */
const values = (object: 0 | 1): Case => ({
  boxes: floats([1, 4, 4], [0, 0, 20, 18, 40, 40, 60, 60, 0, 0, 20, 20, 70, 70, 80, 90]),
  scores: floats([1, 4], [4, 3, 2, 1]),
  valid: hostValue('bool', [1, 4], Uint8Array.of(1, 1, 0, 1)),
  truthBoxes: floats([1, 2, 4], [0, 0, 20, 20, 0, 0, 0, 0]),
  truthLabels: integers([1, 2], [5, 0]),
  truthValid: floats([1, 2], [object, 0]),
  priority: floats([1, 6], [0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
})

const sampled = async (inputs: Case, batch: number) => {
  const options = { ...torchvision.sampling, batch, positiveFraction: 0.5 }
  const program = await compile(referenceDevice())(
    (x) => {
      const proposals = { boxes: x.boxes, scores: x.scores, valid: x.valid }
      const rois = sampleRois(proposals, { boxes: x.truthBoxes, labels: x.truthLabels, valid: x.truthValid }, x.priority, options)
      return { valid: rois.valid, positive: rois.positive, labels: rois.labels, targets: rois.targets, count: rois.count }
    },
    inputs
  )()
  if (E.isLeft(program)) throw new Error(showError(program.left))
  const ran = await program.right.run(inputs)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  const { valid, positive, labels, targets, count } = ran.right
  return {
    valid: Array.from(valid.data, Number),
    positive: Array.from(positive.data, Number),
    labels: Array.from(labels.data, Number),
    targets: Array.from(targets.data, Number),
    count: Number(count.data[0])
  }
}

describe('regions drawn from an image', () => {
  test.each([4, 6, 7, 32])('are padded where fewer than %i exist, positive ones first', async (batch) => {
    const { valid, positive, labels, targets, count } = await sampled(values(1), batch)
    const ones = (n: number): readonly number[] => Array.from({ length: batch }, (_, k) => (k < n ? 1 : 0))
    expect(valid).toEqual(ones(4))
    expect(positive).toEqual(ones(2))
    expect(labels).toEqual(ones(2).map((one) => 5 * one))
    expect(count).toBe(4)
    // The first proposal is 2 pixels too low at the bottom: dy = 10 · 1 / 18, dh = 5 · log(20 / 18).
    expect(targets.slice(0, 4)).toEqual([0, 10 / 18, 0, 5 * Math.log(20 / 18)].map((x) => expect.closeTo(x, 5)))
    expect(targets.slice(4).every((x) => Math.abs(x) < 1e-6)).toBe(true)
  })

  test.each([4, 32])('are all background without an object (batch %i)', async (batch) => {
    const { valid, positive, targets, count } = await sampled(values(0), batch)
    expect(valid.filter((x) => x === 1)).toHaveLength(3)
    expect(positive.every((x) => x === 0)).toBe(true)
    expect(targets.every((x) => x === 0)).toBe(true)
    expect(count).toBe(3)
  })
})
