import { describe, expect, test } from 'vitest'
import { typeCheck } from '../../../../scripts/type-check.mjs'

const operands = `
import { add, concatenate, conv2d, convTranspose2d, floats, gather, matmul, mul, not, relu, select, sub, sum, transpose } from '../src/index.js'
import type { Tensor } from '../src/index.js'
declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
declare const bytes: Tensor<readonly ['N', 3, 'H', 'W'], 'i32'>
declare const stride8: Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>
declare const stride16: Tensor<readonly ['N', 256, 'H/16', 'W/16'], 'f32'>
declare const stem: Tensor<readonly [64, 3, 7, 7], 'f32'>
declare const wrong: Tensor<readonly [64, 4, 3, 3], 'f32'>
declare const a: Tensor<readonly [2, 3], 'f32'>
declare const b: Tensor<readonly [4, 5], 'f32'>
declare const c: Tensor<readonly [3, 7], 'f32'>
declare const row: Tensor<readonly [3], 'f32'>
declare const counts: Tensor<readonly [2, 3], 'i32'>
declare const flags: Tensor<readonly [2, 3], 'bool'>
`

/** Mistakes that people make, and a sentence that the compiler must answer with. */
const mistakes: readonly (readonly [mistake: string, code: string, sentence: string])[] = [
  ['wrong channels', 'conv2d(wrong)(image)', 'conv2d: weights [64,4,3,3] expect 4 input channels but got 3 in [N,3,H,W]'],
  ['wrong channels, transposed', 'convTranspose2d(wrong)(image)', 'convTranspose2d: weights [64,4,3,3] expect 64 input channels but got 3 in [N,3,H,W]'],
  ['rows where maps belong', 'conv2d(stem)(a)', 'conv2d: takes maps [N,C,H,W] but got [2,3]'],
  ['a matrix where weights belong', 'conv2d(a)(image)', 'conv2d: takes weights [O,C,KH,KW] but got [2,3]'],
  ['wrong inner dimension', 'matmul(a, b)', 'matmul: inner dimensions differ, [2,3] x [4,5]'],
  ['a transposed operand', 'matmul(transpose([1, 0])(a), c)', 'matmul: inner dimensions differ, [3,2] x [3,7]'],
  ['a vector where a matrix belongs', 'matmul(a, row)', 'matmul: takes matrices [..,K,N] but got [3] on the right'],
  ['literals that do not broadcast', 'add(a, b)', 'add: shapes [2,3] and [4,5] do not broadcast'],
  ['pyramid levels of different strides', 'add(stride8, stride16)', 'add: shapes [N,256,H/8,W/8] and [N,256,H/16,W/16] do not broadcast'],
  ['integers into a convolution', 'conv2d(stem)(bytes)', `Type '"i32"' is not assignable to type '"f32"'`],
  ['integers into an activation', 'relu(counts)', `Type '"i32"' is not assignable to type '"f32"'`],
  ['integers plus reals', 'add(a, counts)', 'add: element types f32 and i32 differ; cast one of them'],
  ['truth values times reals', 'mul(flags, a)', 'mul: element types bool and f32 differ; cast one of them'],
  ['a real condition', 'select(a, a, 0)', `Type '"f32"' is not assignable to type '"bool"'`],
  ['real indices', 'gather(a, { axis: 0 })(a)', `Type '"f32"' is not assignable to type '"i32"'`],
  ['an array of numbers as an operand', 'sub(a, [1, 2, 3])', "Argument of type 'number[]' is not assignable to parameter of type 'Operand'"],
  ['a misspelt option', 'sum({ axis: [1] })(a)', "'axis' does not exist in type 'Reduction'"]
]

/** A chain of `length` convolutions, of which every eleventh halves the map, until stride 32. */
const chain = (length: number): string => `
import { conv2d } from '../src/index.js'
import type { Tensor } from '../src/index.js'
declare const image: Tensor<readonly ['N', 3, 'H', 'W'], 'f32'>
declare const stem: Tensor<readonly [512, 3, 3, 3], 'f32'>
declare const weights: Tensor<readonly [512, 512, 3, 3], 'f32'>
const x0 = conv2d(stem, { padding: 1 })(image)
${Array.from({ length: length - 1 }, (_, k) => `const x${k + 1} = conv2d(weights, { stride: ${k % 11 === 0 && k < 55 ? 2 : 1}, padding: 1 })(x${k})`).join('\n')}
export const y: Tensor<readonly ['N', 512, 'H/32', 'W/32'], 'f32'> = x${length - 1}
`

const [short, long, fine, ...answers] = typeCheck(new URL('../../', import.meta.url), [chain(55), chain(110), operands, ...mistakes.map(([, code]) => `${operands}\n${code}`)])

describe('what the compiler answers', () => {
  test('operands that fit compile', () => {
    expect(fine?.errors).toEqual([])
  })

  test.each(mistakes.map(([mistake, , sentence], k) => ({ mistake, sentence, k })))('$mistake', ({ sentence, k }) => {
    const [first = '', ...rest] = answers[k]?.errors ?? []
    expect(first).toContain(sentence)
    expect(rest).toEqual([])
    expect(first).not.toContain('exactOptionalPropertyTypes')
  })
})

test('a chain of 55 convolutions to stride 32 costs the compiler fewer than 3,000 instantiations, and 55 more nearly nothing', () => {
  expect(short?.errors).toEqual([])
  expect(short?.instantiations).toBeGreaterThan(500)
  expect(short?.instantiations).toBeLessThan(3_000)
  expect(long?.errors).toEqual([])
  expect(long?.instantiations).toBeLessThan(3_000)
})
