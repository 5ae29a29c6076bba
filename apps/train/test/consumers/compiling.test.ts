import { expect, test } from 'vitest'
import { compiling } from '../../src/consumers/index.js'

const none = { kernels: 0, compileMilliseconds: 0, dispatches: 0, submissions: 0, uploads: 0, reads: 0, live: 0, liveBytes: 0, peakBytes: 0 }

test('compiling is told by a line now and then, for each program whose kernels are new', () => {
  const told: string[] = []
  const hear = compiling({ write: (text) => void told.push(text) }, 10)
  // What the device computes to prove itself belongs to no program.
  for (let texts = 1; texts <= 9; texts++) hear({ ...none, texts, pending: 0 })
  for (let done = 1; done <= 23; done++) hear({ ...none, texts: 9 + done, pending: 23 - done })
  hear({ ...none, texts: 32, pending: 0 })
  hear({ ...none, texts: 33, pending: 1 })
  hear({ ...none, texts: 34, pending: 0 })
  expect(told).toEqual(['Compiling 1 of 23 kernels.\n', 'Compiling 11 of 23 kernels.\n', 'Compiling 21 of 23 kernels.\n', 'Compiled 23 kernels.\n', 'Compiling 1 of 2 kernels.\n', 'Compiled 2 kernels.\n'])
})
