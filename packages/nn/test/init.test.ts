import { describe, expect, test } from 'vitest'
import { foldIn, key } from '@tabula/tensor'
import { conv2d, fanIn, fanOut, filled, glorotUniform, heNormal, heUniform, initialize, linear, normalInit, onesInit, symmetric, torchUniform, xavierUniform, zerosInit } from '../src/index.js'
import type { Initializer } from '../src/index.js'

const shape = [96, 48, 3, 3]

const statistics = ({ draw }: Initializer) => {
  const data = Array.from(draw(key(3), shape).data)
  const mean = data.reduce((a, b) => a + b, 0) / data.length
  return {
    mean,
    deviation: Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length),
    largest: data.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  }
}

describe('initial distributions', () => {
  test('fans of [out, in, …kernel]', () => {
    expect([fanIn(shape), fanOut(shape), fanIn([10, 5]), fanOut([10, 5])]).toEqual([432, 864, 5, 10])
  })

  test.each([
    [heNormal('in'), Math.sqrt(2 / 432)],
    [heNormal('out'), Math.sqrt(2 / 864)],
    [normalInit(0.01), 0.01],
    [heUniform('in'), Math.sqrt(2 / 432)],
    [xavierUniform, Math.sqrt(1 / 432)],
    [glorotUniform, Math.sqrt(2 / (432 + 864))],
    [torchUniform, Math.sqrt(1 / 432 / 3)],
    [symmetric(0.3), 0.3 / Math.sqrt(3)]
  ] as const)('$name', (init, deviation) => {
    const found = statistics(init)
    expect(found.deviation / deviation).toBeCloseTo(1, 1)
    expect(Math.abs(found.mean)).toBeLessThan(deviation / 20)
  })

  test.each([
    [xavierUniform, Math.sqrt(3 / 432)],
    [torchUniform, 1 / Math.sqrt(432)],
    [heUniform('out'), Math.sqrt(6 / 864)]
  ] as const)('$name stays within its bound and reaches it', (init, bound) => {
    const { largest } = statistics(init)
    expect(largest).toBeLessThanOrEqual(Math.fround(bound))
    expect(largest).toBeGreaterThan(bound * 0.999)
  })

  test('constants', () => {
    expect([zerosInit, onesInit, filled(-4.6)].map(({ draw }) => draw(key(0), [1]).data[0])).toEqual([0, 1, Math.fround(-4.6)])
  })
})

describe('a leaf’s key is that of its path', () => {
  test('in nested layers', () => {
    const { params } = initialize({ fpn: conv2d(4, 4, { init: normalInit(1) }), head: linear(3, 2, { init: normalInit(1) }) })(key(5), 'model')
    expect(params.fpn.weight).toEqual(normalInit(1).draw(foldIn(key(5), 'model.fpn.weight'), [4, 4, 1, 1]))
    expect(params.head.weight).toEqual(normalInit(1).draw(foldIn(key(5), 'model.head.weight'), [2, 3]))
  })
})
