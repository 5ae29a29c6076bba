import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { bind } from '../../src/bind.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import { evaluate } from '../../src/device/reference/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import { key, uniform } from '../../src/random/index.js'
import { differenceOf } from '../../src/testing/index.js'
import { integers } from '../../src/value.js'
import { take } from './programs.js'

const chosen = integers([5], [3, 0, 3, 1, 2])

test('products and convolutions of operands that data chooses read what was chosen', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  // As in a mask head: each region's own filter, one of each class's.
  const inputs = [uniform(key(1), [4, 6], -1, 1), chosen, uniform(key(2), [5, 6, 7], -1, 1), uniform(key(3), [2, 6, 4, 4], -1, 1)]
  const parameters = inputs.map((value, index) => placeholder(`x${index}`, value))
  const [filters, index, hidden, maps] = parameters
  if (filters === undefined || index === undefined || hidden === undefined || maps === undefined) throw new Error('four inputs')
  // Gathered apart for each use: what is used twice is computed before.
  const own = (shape: readonly number[]) => bind('reshape', { shape }, bind('gather', { axis: 0, batchDims: 0 }, filters, index))
  const graph = graphOf(parameters, [
    bind('matmul', {}, own([5, 1, 6]), hidden),
    bind('conv2d', { stride: [1, 1], padding: [[0, 0], [0, 0]], dilation: [1, 1], groups: 1 }, maps, own([5, 6, 1, 1]))
  ])
  const found = await take((await take(device.compile(graph))).run(inputs))
  const wanted = evaluate(graph, inputs)
  if (E.isLeft(wanted)) throw new Error(wanted.left.message)
  wanted.right.forEach((value, output) => expect(differenceOf(found[output], value, { absolute: 1e-6, relative: 1e-6 })).toBeUndefined())
  device.close()
})
