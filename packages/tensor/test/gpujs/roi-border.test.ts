import { expect, test } from 'vitest'
import { bind } from '../../src/bind.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import type { GpujsMode } from '../../src/device/gpujs/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import { floats, integers } from '../../src/value.js'
import { take } from './programs.js'

test.each(['webasm', 'cpu'] satisfies readonly GpujsMode[])('in mode %s a sample on the border one cell outside the map counts, though a third of the region is rounded', async (mode) => {
  const device = await take(gpujsDevice({ mode }))
  const ones = floats([1, 1, 12, 10], new Float32Array(120).fill(1))
  // Samples of the columns are at −13/3, −1 and 7/3 cells; those of the rows at −19/6, 1/2 and 25/6.
  const rois = [floats([1, 4], [-6, -5, 4, 6]), integers([1], [0]), integers([1], [0])]
  const attributes = { outputSize: [3, 3], samplingRatio: 1, scales: [1], aligned: false } as const
  const inputs = [ones, ...rois].map((value, index) => placeholder(`x${index}`, value))
  const program = await take(device.compile(graphOf(inputs, [bind('roiAlign', attributes, ...inputs)])))
  expect((await take(program.run([ones, ...rois]))).map(({ data }) => Array.from(data))).toEqual([[0, 0, 0, 0, 1, 1, 0, 1, 1]])
  const dy = floats([1, 1, 3, 3], new Float32Array(9).fill(1))
  const given = [dy, ...rois].map((value, index) => placeholder(`x${index}`, value))
  const gradient = await take(device.compile(graphOf(given, [bind('roiAlignGradient', { ...attributes, featureShapes: [[1, 1, 12, 10]] }, ...given)])))
  const [dx] = await take(gradient.run([dy, ...rois]))
  expect(Array.from(dx?.data ?? [], Number).reduce((sum, x) => sum + x, 0)).toBeCloseTo(4, 5)
  device.close()
})
