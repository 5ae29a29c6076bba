import { either as E } from 'fp-ts'
import { expect, test } from 'vitest'
import { cpuDevice } from '../../src/device/cpu/index.js'
import { evaluate } from '../../src/device/reference/index.js'
import { bind, bindAll, floats, graphOf, integers, key, normal, placeholder, uniform } from '../../src/index.js'
import { expectAgreement, open, random, randomIndices } from './agree.js'

const right = <L, A>(result: E.Either<L, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

// Large enough that levels are computed in blocks of columns over the regions that touch them, and small ones as one product.
test('gradients of large and of small levels equal the reference, many regions on one spot', async () => {
  const [regions, channels] = [320, 8]
  const featureShapes = [
    [2, channels, 144, 240],
    [2, channels, 20, 30]
  ]
  const attributes = { outputSize: [7, 7] as const, samplingRatio: 2, scales: [0.25, 0.03125], aligned: false, featureShapes }
  const corner = uniform(key(1), [regions, 2], 0, 500).data
  const side = uniform(key(2), [regions, 2], 4, 300).data
  const boxes = floats(
    [regions, 4],
    Array.from({ length: regions }, (_, r) => {
      const at = (k: number): number => (r % 3 === 0 ? 100 + k : (corner[2 * r + k] ?? 0))
      return [at(0), at(1), at(0) + (side[2 * r] ?? 0), at(1) + (side[2 * r + 1] ?? 0)]
    }).flat()
  )
  const every = (period: number) => integers([regions], Array.from({ length: regions }, (_, r) => Math.floor(r / period) % 2))
  const inputs = [normal(key(3), [regions, channels, 7, 7]), boxes, every(1), every(2)]
  const parameters = inputs.map((input, k) => placeholder(`x${k}`, input))
  const graph = graphOf(parameters, bindAll('roiAlignGradient', attributes, ...parameters))
  const want = right(evaluate(graph, inputs))
  const device = right(await cpuDevice()())
  const program = right(await device.compile(graph)())
  const first = right(await program.run(inputs)())
  const second = right(await program.run(inputs)())
  expect(first).toEqual(second)
  first.forEach(({ data }, level) => {
    const expected = want[level]?.data ?? new Float32Array()
    let largest = 0
    for (const x of expected) largest = Math.max(largest, Math.abs(x))
    let worst = 0
    data.forEach((x, k) => (worst = Math.max(worst, Math.abs(x - (expected[k] ?? NaN)))))
    expect(worst).toBeLessThan(1e-5 * largest)
  })
})

// Image numbers that the program knows, in order and not, and such that it reads.
test.each([
  { samplingRatio: 2, aligned: false, images: [0, 0, 0, 1, 1, 1, 2, 2, 2] },
  { samplingRatio: 0, aligned: true, images: [0, 0, 0, 1, 1, 1, 2, 2, 2] },
  { samplingRatio: 0, aligned: false, images: [2, 0, 0, 1, 1, 1, 2, 2, 0] },
  { samplingRatio: 3, aligned: true, images: [1, 1, 1, 1, 1, 1, 1, 1, 1] }
])('several levels as one product: %j', async ({ images, ...rest }) => {
  const regions = images.length
  const featureShapes = [
    [3, 4, 11, 7],
    [3, 4, 6, 9],
    [3, 4, 2, 3]
  ]
  const attributes = { ...rest, outputSize: [3, 2] as const, scales: [0.5, 0.25, 0.125], featureShapes }
  const corners = random(1, [regions, 2], -4, 20).data
  const sides = random(2, [regions, 2], -1, 16).data
  const boxes = floats([regions, 4], Array.from({ length: regions }, (_, r) => [0, 1, 0, 1].map((axis, k) => (corners[2 * r + axis] ?? 0) + (k < 2 ? 0 : (sides[2 * r + axis] ?? 0)))).flat())
  const known = integers([regions], images)
  const device = await open()
  const dy = random(3, [regions, 4, 3, 2])
  await expectAgreement(device, (...operands) => bindAll('roiAlignGradient', attributes, ...operands), [dy, boxes, known, randomIndices(4, [regions], 3)], { variants: 6, fixed: [1, 2, 3] })
  await expectAgreement(
    device,
    (g, b, level) => (g === undefined || b === undefined || level === undefined ? [] : bindAll('roiAlignGradient', attributes, g, b, bind('constant', { value: known }), level)),
    [dy, boxes, randomIndices(4, [regions], 3)],
    { variants: 6, fixed: [1, 2] }
  )
})
