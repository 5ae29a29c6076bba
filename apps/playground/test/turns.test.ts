import { expect, it } from 'vitest'
import { afterTurn, turnsOver } from '../src/page/turns.js'

it('each norm has its turn, in order, and then it is over', () => {
  const first = turnsOver(['groupNorm', 'none'], 300)
  expect(first?.norm).toBe('groupNorm')
  const second = first === undefined ? undefined : afterTurn(first)
  expect(second).toEqual({ norm: 'none', next: [], steps: 300 })
  expect(second === undefined ? undefined : afterTurn(second)).toBeUndefined()
  expect(turnsOver([], 300)).toBeUndefined()
})
