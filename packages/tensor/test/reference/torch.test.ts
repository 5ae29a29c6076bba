import { either as E } from 'fp-ts'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bindAll } from '../../src/bind.js'
import { evaluate } from '../../src/device/reference/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Attributes, PrimitiveName } from '../../src/primitive.js'
import { decodeSafetensors } from '../../src/safetensors/index.js'
import { differenceOf } from '../../src/testing/index.js'
import { integers, valueOf } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'

interface Case {
  readonly name: string
  readonly group: string
  readonly op: string
  readonly attrs: Readonly<Record<string, unknown>>
  readonly inputs: readonly string[]
}

const folder = new URL('../../../../fixtures/torch/', import.meta.url)
// The recorded list has this layout (fixtures/torch/README.md).
const cases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as readonly Case[]
const casesOf = (op: string): readonly Case[] => cases.filter((row) => row.op === op)

const groups = new Map<string, ReadonlyMap<string, HostValue>>()
const tensor = ({ group, name }: Case, part: string): HostValue => {
  const known = groups.get(group)
  const decoded = known === undefined ? decodeSafetensors(readFileSync(new URL(`${group}.safetensors`, folder))) : E.right({ tensors: known })
  if (E.isLeft(decoded)) throw new Error(decoded.left.message)
  groups.set(group, decoded.right.tensors)
  const value = decoded.right.tensors.get(`${name}/${part}`)
  if (value === undefined) throw new Error(`${group}: no ${name}/${part}`)
  return value
}

const apply = <P extends PrimitiveName>(primitive: P, attributes: Attributes[P], ...inputs: readonly HostValue[]): readonly HostValue[] => {
  const parameters = inputs.map((input, index) => placeholder(`x${index}`, input))
  const results = evaluate(graphOf(parameters, bindAll(primitive, attributes, ...parameters)), inputs)
  if (E.isLeft(results)) throw new Error(results.left.message)
  return results.right
}

const expectNear = (got: HostValue | undefined, want: HostValue): void => {
  expect(differenceOf(got, want, { absolute: 1e-10, relative: 1e-10 })).toBeUndefined()
}

const pair = (x: unknown): readonly [number, number] => {
  const [height = Number(x), width = Number(x)] = Array.isArray(x) ? x.map(Number) : []
  return [height, width]
}

const windowOf = ({ attrs }: Case) => {
  const [vertical, horizontal] = pair(attrs['padding'])
  const padding = [
    [vertical, vertical],
    [horizontal, horizontal]
  ] as const
  return { stride: pair(attrs['stride']), padding, dilation: pair(attrs['dilation'] ?? 1) }
}

/** y − b per channel: some of the recorded convolutions have a bias. */
const withoutBias = (y: HostValue, b: HostValue): HostValue => {
  const map = (y.shape[2] ?? 1) * (y.shape[3] ?? 1)
  return { ...y, data: y.data.map((value, i) => value - (b.data[Math.floor(i / map) % b.data.length] ?? 0)) }
}

test.each(casesOf('conv2d'))('$name: forward and both gradients', (row) => {
  const attributes = { ...windowOf(row), groups: Number(row.attrs['groups']) }
  const [x, w, ct] = [tensor(row, 'in.x'), tensor(row, 'in.w'), tensor(row, 'ct.y')]
  expectNear(apply('conv2d', attributes, x, w)[0], row.inputs.includes('b') ? withoutBias(tensor(row, 'out.y'), tensor(row, 'in.b')) : tensor(row, 'out.y'))
  expectNear(apply('conv2dInputGradient', { ...attributes, inputSize: [x.shape[2] ?? 0, x.shape[3] ?? 0] }, ct, w)[0], tensor(row, 'grad.x'))
  expectNear(apply('conv2dWeightGradient', { ...attributes, kernel: [w.shape[2] ?? 0, w.shape[3] ?? 0] }, x, ct)[0], tensor(row, 'grad.w'))
})

test.each(casesOf('max_pool2d').filter(({ attrs }) => attrs['ceil_mode'] !== true))('$name: values, indices and gradient', (row) => {
  const attributes = { ...windowOf(row), kernel: pair(row.attrs['kernel']) }
  const x = tensor(row, 'in.x')
  const [y, indices] = apply('maxPool2d', attributes, x)
  expectNear(y, tensor(row, 'out.y'))
  expectNear(indices, tensor(row, 'out.indices'))
  expectNear(apply('maxPool2dGradient', attributes, x, tensor(row, 'ct.y'))[0], tensor(row, 'grad.x'))
})

test.each(casesOf('roi_align'))('$name: forward and gradient', (row) => {
  const { attrs } = row
  const [x, ct] = [tensor(row, 'in.x'), tensor(row, 'ct.y')]
  const rows = tensor(row, 'in.rois')
  const count = rows.shape[0] ?? 0
  const boxes = valueOf('f32', [count, 4], Array.from(rows.data).filter((_, i) => i % 5 !== 0))
  const image = integers([count], Array.from(rows.data).filter((_, i) => i % 5 === 0))
  const level = integers([count], new Array<number>(count).fill(0))
  const attributes = {
    outputSize: pair(attrs['output_size']),
    samplingRatio: Math.max(0, Number(attrs['sampling_ratio'])),
    scales: [Number(attrs['spatial_scale'])],
    aligned: attrs['aligned'] === true
  }
  expectNear(apply('roiAlign', attributes, x, boxes, image, level)[0], tensor(row, 'out.y'))
  expectNear(apply('roiAlignGradient', { ...attributes, featureShapes: [x.shape] }, ct, boxes, image, level)[0], tensor(row, 'grad.x'))
})

test.each(casesOf('nms'))('$name', (row) => {
  const [boxes, scores, kept] = [tensor(row, 'in.boxes'), tensor(row, 'in.scores'), tensor(row, 'out.keep')]
  const count = scores.shape[0] ?? 0
  const batched = [valueOf('f32', [1, count, 4], boxes.data), valueOf('f32', [1, count], scores.data)] as const
  const [keep] = apply('nms', { iouThreshold: Number(row.attrs['iou_threshold']), inclusive: false, offset: 0 }, ...batched)
  expect(Array.from(keep?.data ?? []).flatMap((flag, i) => (flag === 1 ? [i] : []))).toEqual(Array.from(kept.data).sort((a, b) => a - b))
})

test.each(casesOf('matmul').filter(({ name }) => !name.includes('vec')))('$name', (row) => {
  const [a, b] = [tensor(row, 'in.a'), tensor(row, 'in.b')]
  if (a.shape.length < 2 || b.shape.length < 2) {
    // Vectors are matrices with one side of 1.
    const matrix = (x: HostValue, shape: readonly number[]): HostValue => (x.shape.length === 1 ? { ...x, shape } : x)
    const [y] = apply('matmul', {}, matrix(a, [1, a.data.length]), matrix(b, [b.data.length, 1]))
    expectNear(y && { ...y, shape: tensor(row, 'out.y').shape }, tensor(row, 'out.y'))
  } else expectNear(apply('matmul', {}, a, b)[0], tensor(row, 'out.y'))
})

test.each(casesOf('topk'))('$name', (row) => {
  const [values, indices] = apply('topK', { k: Number(row.attrs['k']) }, tensor(row, 'in.x'))
  expectNear(values, tensor(row, 'out.values'))
  expectNear(indices, tensor(row, 'out.indices'))
})

describe('elementwise', () => {
  const unary = ['relu', 'sigmoid', 'tanh', 'abs', 'neg', 'erf', 'sin', 'cos', 'floor', 'ceil', 'round', 'sign', 'exp', 'log', 'log1p', 'sqrt'] as const
  test.each(unary)('%s', (op) => {
    const rows = casesOf(op)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expectNear(apply(op, {}, tensor(row, 'in.x'))[0], tensor(row, 'out.y'))
  })

  const binary = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'atan2'] as const
  test.each(binary)('%s', (op) => {
    const rows = casesOf(op)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expectNear(apply(op, {}, tensor(row, 'in.a'), tensor(row, 'in.b'))[0], tensor(row, 'out.y'))
  })
})
