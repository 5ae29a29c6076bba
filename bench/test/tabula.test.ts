import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { tabula } from '../src/benchmarks/tabula.js'
import type { Workload } from '../src/benchmarks/workloads.js'
import { noise } from '../src/benchmarks/workloads.js'

test('Tabula runs the program that is measured, and the digest is of what the runs leave on the device', async () => {
  const device = await cpuDevice({ threads: 1 })()
  if (E.isLeft(device)) throw new Error(showError(device.left))
  const contestant = tabula(device.right, '0')
  const shapes = { x: [1, 2, 3, 3], w: [1, 2, 3, 3], stride: 1, padding: 0 }
  // One window: the result is the inner product of map and weights, whose gradients are each other's multiples.
  const [x, w, g] = [noise(18, 1), noise(18, 2), noise(1, 3)[0] ?? NaN]
  const product = Math.abs(x.reduce((sum, value, k) => sum + value * (w[k] ?? NaN), 0))
  const magnitude = (values: Float32Array): number => values.reduce((sum, value) => sum + Math.abs(value), 0) * Math.abs(g)
  const forward = await contestant.prepare('forward', { kind: 'conv-forward', ...shapes } satisfies Workload)
  const gradients = await contestant.prepare('gradients', { kind: 'conv-gradients', ...shapes } satisfies Workload)
  expect(forward?.digest).toHaveLength(1)
  expect(forward?.digest[0]).toBeCloseTo(product, 5)
  expect(gradients?.digest).toHaveLength(3)
  ;[product, magnitude(w), magnitude(x)].forEach((expected, k) => expect(gradients?.digest[k]).toBeCloseTo(expected, 5))
  expect(await forward?.run()).toBeGreaterThan(0)
  expect(await gradients?.run()).toBeGreaterThan(0)
})
