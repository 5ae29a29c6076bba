import { describe, expect, test } from 'vitest'
import { mean } from '../../src/evaluation/mean.js'

describe('mean', () => {
  // np.mean(((np.arange(n) * 7919) % 10007) / 10007)
  test.each([
    [0, undefined],
    [7, 0.5168953161358477],
    [8, 0.519711202158489],
    [100, 0.5016298590986308],
    [129, 0.4988608749069449],
    [1000, 0.500355850904367],
    [80800, 0.4999490715410103]
  ])('of %i numbers is NumPy 2’s to the last bit', (count, wanted) => {
    expect(mean(Float64Array.from({ length: count }, (_, k) => ((k * 7919) % 10007) / 10007))).toBe(wanted)
  })
})
