import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { evaluate } from '../src/device/reference/index.js'
import { constant, convTranspose2d, floats, graphOf } from '../src/index.js'
import { open } from './cpu/agree.js'

const device = await open()
const x = constant(floats([1, 1, 1, 3], [1, 2, -1]))
const weights = constant(floats([1, 1, 1, 2], [2, -3]))

// Recorded from PyTorch 1.13: outputPadding may reach the stride where the dilation is larger.
test.each([
  { padding: 0, outputPadding: 1, stride: 1, dilation: 2, wanted: [2, 4, -5, -6, 3, 0] },
  { padding: 1, outputPadding: 2, stride: 2, dilation: 3, wanted: [0, 4, -3, -2, -6, 0, 3, 0] },
  { padding: 2, outputPadding: 1, stride: 1, dilation: 2, wanted: [-5, -6] }
])('padding $padding, outputPadding $outputPadding, stride $stride, dilation $dilation', async ({ padding, outputPadding, stride, dilation, wanted }) => {
  const y = convTranspose2d(weights, { stride: [1, stride], padding: [0, padding], outputPadding: [0, outputPadding], dilation: [1, dilation] })(x)
  expect(y.shape).toEqual([1, 1, 1, wanted.length])
  const graph = graphOf([], [y])
  const exact = evaluate(graph, [])
  const compiled = await device.compile(graph)()
  if (E.isLeft(exact) || E.isLeft(compiled)) throw new Error('the graph does not run')
  const ran = await compiled.right.run([])()
  if (E.isLeft(ran)) throw new Error(ran.left.message)
  for (const [value] of [exact.right, ran.right]) expect(Array.from(value?.data ?? [])).toEqual(wanted)
})
