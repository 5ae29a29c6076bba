import { fc, test } from '@fast-check/vitest'
import { either as E } from 'fp-ts'
import { describe, expect } from 'vitest'
import { area, complement, decodeBitmap, difference, encodeBitmap, fromCompressedString, intersection, sameMask, toCompressedString, union } from '../../src/index.js'
import type { Rle } from '../../src/index.js'

const size = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
const masks = <N extends number>(count: N) =>
  size.chain(([height, width]) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: height * width, maxLength: height * width }), { minLength: count, maxLength: count }).map((bitmaps) => bitmaps.map((bitmap) => encodeBitmap(bitmap, height, width)))
  )
const equal = (a: Rle, b: Rle): void => expect(sameMask(a, b)).toBe(true)

describe('masks of one size are a Boolean algebra', () => {
  test.prop([masks(3)])('laws', ([a, b, c]) => {
    if (a === undefined || b === undefined || c === undefined) return expect.unreachable()
    equal(union(a, b), union(b, a))
    equal(intersection(a, b), intersection(b, a))
    equal(union(a, union(b, c)), union(union(a, b), c))
    equal(intersection(a, intersection(b, c)), intersection(intersection(a, b), c))
    equal(intersection(a, union(b, c)), union(intersection(a, b), intersection(a, c)))
    equal(union(a, intersection(b, c)), intersection(union(a, b), union(a, c)))
    equal(union(a, intersection(a, b)), a)
    equal(complement(complement(a)), a)
    equal(complement(union(a, b)), intersection(complement(a), complement(b)))
    equal(difference(a, b), intersection(a, complement(b)))
    expect(area(union(a, b)) + area(intersection(a, b))).toBe(area(a) + area(b))
    return undefined
  })
  test.prop([masks(1)])('decode after encode, and the compressed string, lose nothing', ([a]) => {
    if (a === undefined) return expect.unreachable()
    equal(encodeBitmap(decodeBitmap(a), a.height, a.width), a)
    const text = fromCompressedString(toCompressedString(a), a.height, a.width)
    expect(text).toEqual(E.right(a))
    return undefined
  })
  test.prop([fc.string({ unit: 'grapheme-ascii', maxLength: 40 }), size])('any text is a mask of the size or an error', (text, [height, width]) => {
    const decoded = fromCompressedString(text, height, width)
    if (E.isRight(decoded)) expect(decoded.right.counts.reduce((sum, run) => sum + run, 0)).toBe(height * width)
  })
})
