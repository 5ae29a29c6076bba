import { expect, test } from 'vitest'
import { clock, progress, remainingTime } from '../../src/consumers/index.js'

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
