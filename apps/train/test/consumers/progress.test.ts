import { expect, test } from 'vitest'
import { barText, clock, imagesToEvaluate, progress, remainingTime } from '../../src/consumers/index.js'
import { tiny } from '../trainer/tiny.js'

test('the remaining time is the median step time, without the first step, times what remains', () => {
  expect(remainingTime([9000, 100, 100, 100, 5000], 10)).toBe(1000)
  expect(remainingTime([9000], 2)).toBe(18000)
  expect(remainingTime([], 5)).toBe(0)
})

test('times are told in hours, minutes and seconds', () => {
  expect(clock(61_000)).toBe('1:01')
  expect(clock(3_661_000)).toBe('1:01:01')
  expect(clock(-5)).toBe('0:00')
})

test('what runs a program, and why it fell back, is told once', () => {
  const told: string[] = []
  const consume = progress({ write: (text) => void told.push(text), interactive: false })
  const notes = ["The slower Node.js binding runs this, because ONNX Runtime's C interface cannot be used: koffi is missing"]
  const compiled = (step: number, milliseconds: number) => void consume({ type: 'compiled', step, engine: 'onnxruntime 1.30.0 through its Node.js binding', milliseconds, notes })
  compiled(1, 4321)
  compiled(2, 1000)
  expect(told.join('')).toBe(`Compiled in 4.3 s by onnxruntime 1.30.0 through its Node.js binding.\n  ${notes[0] ?? ''}\n`)
})

test.each([20, 40, 80, 200])('a bar is one line in a terminal of %i columns, and tells what there is room for', (width) => {
  const parts = ['120/2700', '1:02:03 left', 'loss 2.590', 'lr 0.0100', '23.8 images/s', 'objectness 0.675, rpnBox 0.243, class 0.976, box 0.000, mask 0.696', 'data 0 %']
  const text = barText(120 / 2700, parts, width)
  expect(text.length).toBeLessThan(width)
  expect(text).toMatch(/^█*░+ 120\/2700/)
  if (width >= 40) expect(text).toContain('1:02:03 left')
  if (width >= 80) for (const part of ['loss', 'lr', 'images/s']) expect(text).toContain(part)
  if (width >= 200) expect(text).toContain('mask 0.696')
})

test('the evaluations to come are those within the steps that remain, and the last', () => {
  const plan = (every: number | null, images: number | null) => ({ optimization: { ...tiny().optimization, steps: 2700 }, evaluation: { ...tiny().evaluation, every, images } })
  expect(imagesToEvaluate(plan(900, 80), 200, 0)).toBe(80 + 80 + 200)
  expect(imagesToEvaluate(plan(900, 80), 200, 899)).toBe(80 + 80 + 200)
  expect(imagesToEvaluate(plan(900, 80), 200, 900)).toBe(80 + 200)
  expect(imagesToEvaluate(plan(900, 800), 200, 1800)).toBe(200)
  expect(imagesToEvaluate(plan(null, null), 200, 3)).toBe(200)
})
