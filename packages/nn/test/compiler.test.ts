import { describe, expect, test } from 'vitest'
import { typeCheck } from '../../../scripts/type-check.mjs'

const parts = `
import { batchNorm, compose, conv2d, crossEntropy, groupNorm, linear, relu, residual, sequence, sgd } from '../src/index.js'
import type { ParamsOf, StateOf } from '../src/index.js'
import type { Tensor } from '@tabula/tensor'
declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
declare const bytes: Tensor<readonly ['N', 3, 'H', 'W'], 'i32'>
declare const maps: Tensor<readonly ['N', 64, 'H', 'W'], 'f32'>
declare const rows: Tensor<readonly ['N', 64], 'f32'>
const plain = conv2d(3, 64)
const normed = sequence([['conv', conv2d(3, 64, { bias: false })], ['bn', batchNorm().layer(64)]])
declare const plainParams: ParamsOf<typeof plain>
declare const normedParams: ParamsOf<typeof normed>
declare const normedState: StateOf<typeof normed>
`

/** Mistakes that people make, and a sentence that the compiler must answer with. */
const mistakes: readonly (readonly [mistake: string, code: string, sentence: string])[] = [
  ['channels that do not follow', 'compose(plain, conv2d(128, 64))', 'compose: the second layer expects 128 input channels but the first gives 64'],
  ['channels that do not follow, through a layer that takes any', "sequence([['a', plain], relu, ['b', conv2d(128, 64)]])", 'compose: the second layer expects 128 input channels but the first gives 64'],
  ['a norm of other channels', "sequence([['a', plain], ['norm', groupNorm().layer(32)]])", 'compose: the second layer expects 32 input channels but the first gives 64'],
  ['rows of other width', 'compose(linear(12544, 1024), linear(256, 81))', 'compose: the second layer expects 256 input channels but the first gives 1024'],
  ['an input of other channels', 'plain.infer(plainParams, {}, maps)', 'layer: expects 3 input channels but got 64 in [N,64,H,W]'],
  ['bytes that were not made real', 'plain.infer(plainParams, {}, bytes)', `Type '"i32"' is not assignable to type '"f32"'`],
  ['a branch that shrinks', 'residual(conv2d(64, 64, { kernel: 3, stride: 2 }))', 'residual: one branch downsamples by 1, the other by 2'],
  ['branches of different channels', 'residual(conv2d(64, 256), conv2d(64, 64))', 'residual: one branch has 64 channels, the other 256'],
  ['parameters of another layer', 'plain.infer(normedParams, {}, image)', "is missing the following properties from type 'WeightAndBias': bias, weight"],
  ['parameters without their names', 'normed.infer(plainParams, normedState, image)', "Type 'WeightAndBias' is missing the following properties from type '{ readonly conv: Weight; readonly bn: Affine; }': conv, bn"],
  ['a norm without its state', 'normed.train(normedParams, {}, image)', "Type '{}' is missing the following properties from type '{ readonly conv: Readonly<Record<never, never>>; readonly bn: Running; }': conv, bn"],
  ['scores as classes', 'crossEntropy()(rows, rows)', `Type '"f32"' is not assignable to type '"i32"'`],
  ['a misspelt option of a convolution', 'conv2d(3, 64, { kernal: 3 })', "Did you mean to write 'kernel'?"],
  ['a misspelt option of an optimizer', 'sgd({ momentun: 0.9 })', "Did you mean to write 'momentum'?"]
]

/** A network of `length` convolutions, and its application to named axes. */
const network = (length: number): string => `
import { conv2d, sequence } from '../src/index.js'
import type { ParamsOf, StateOf } from '../src/index.js'
import type { Tensor } from '@tabula/tensor'
const network = sequence([
  ['conv0', conv2d(3, 512, { kernel: 3 })],
  ${Array.from({ length: length - 1 }, (_, k) => `['conv${k + 1}', conv2d(512, 512, { kernel: 3${k % 11 === 0 && k < 55 ? ', stride: 2' : ''} })]`).join(',\n  ')}
])
declare const params: ParamsOf<typeof network>
declare const state: StateOf<typeof network>
declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
export const y: Tensor<readonly ['N', 512, 'H/32', 'W/32'], 'f32'> = network.infer(params, state, image)
`

const [short, long, fine, ...answers] = typeCheck(new URL('../', import.meta.url), [network(55), network(110), parts, ...mistakes.map(([, code]) => `${parts}\n${code}`)])

describe('what the compiler answers', () => {
  test('parts that fit compile', () => {
    expect(fine?.errors).toEqual([])
  })

  test.each(mistakes.map(([mistake, , sentence], k) => ({ mistake, sentence, k })))('$mistake', ({ sentence, k }) => {
    const [first = '', ...rest] = answers[k]?.errors ?? []
    expect(first).toContain(sentence)
    expect(rest).toEqual([])
    expect(first).not.toContain('exactOptionalPropertyTypes')
  })
})

test('a network of 55 convolutions costs the compiler fewer than 14,000 instantiations, and its cost is linear in the depth', () => {
  expect(short?.errors).toEqual([])
  expect(short?.instantiations).toBeGreaterThan(500)
  expect(short?.instantiations).toBeLessThan(14_000)
  expect(long?.errors).toEqual([])
  expect((long?.instantiations ?? NaN) / (short?.instantiations ?? NaN)).toBeLessThan(2.5)
})
