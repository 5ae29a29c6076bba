import { expect, test } from 'vitest'
import { blockAt, threefry2x32 } from '../../src/random/threefry.js'

test('Random123 known answers', () => {
  expect(threefry2x32([0, 0], [0, 0])).toEqual([0x6b200159, 0x99ba4efe])
  expect(threefry2x32([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff])).toEqual([0x1cb996fc, 0xbb002be7])
  expect(threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3])).toEqual([0xc4923a9c, 0x483df7a0])
})

test('a counter above 2³² reaches the high word', () => {
  expect(blockAt([7, 9], 3 * 2 ** 32 + 5)).toEqual(threefry2x32([7, 9], [3, 5]))
})
