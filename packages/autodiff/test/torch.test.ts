import { describe, expect, test } from 'vitest'
import { bind, tensorsOf } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { vjp } from '../src/index.js'
import { run } from './support/run.js'
import { torchCases, torchGroup } from './support/safetensors.js'
import type { TorchCase } from './support/safetensors.js'
import { torchOperations } from './support/torch-operations.js'

const operationOf = ({ name, op }: TorchCase) => torchOperations[name] ?? torchOperations[op]
const cases = torchCases.filter((row) => operationOf(row) !== undefined && row.grads.length > 0)
const groups = new Map([...new Set(cases.map(({ group }) => group))].map((group) => [group, torchGroup(group)]))

const recorded = (row: TorchCase, name: string): HostValue => {
  const value = groups.get(row.group)?.get(`${row.name}/${name}`)
  if (value === undefined) throw new Error(`${row.name}/${name} is not recorded`)
  return value
}

/** The largest |found − expected|, relative to the largest |expected|; equal infinities and NaNs agree. */
const largestError = (found: HostValue | undefined, expected: HostValue): number => {
  expect(found?.shape).toEqual(expected.shape)
  const scale = Math.max(0, ...Array.from(expected.data, Math.abs).filter(Number.isFinite))
  let largest = 0
  expected.data.forEach((want: number, index: number) => {
    const got = found?.data[index] ?? NaN
    largest = Math.max(
      largest,
      Object.is(got + 0, want + 0) ? 0 : Number.isNaN(got - want) ? Infinity : Math.abs(got - want) / scale
    )
  })
  return largest
}

describe('values and gradients recorded from PyTorch, in float64', () => {
  test('most recorded operations are covered', () => {
    expect(cases.length).toBeGreaterThan(150)
  })

  test.each(cases)('$name', (row) => {
    const operation = operationOf(row)
    if (operation === undefined) throw new Error('no operation')
    const constants = new Map(row.inputs.map((name) => [name, bind('constant', { value: recorded(row, `in.${name}`) })]))
    const variables = Object.fromEntries(row.grads.map((name) => [name, constants.get(name)]))
    const { value, pullback } = vjp((parameters: Readonly<Record<string, Tensor | undefined>>) => {
      const operand = (name: string): Tensor => {
        const found = parameters[name] ?? constants.get(name)
        if (found === undefined) throw new Error(`no operand ${name}`)
        return found
      }
      return operation({
        of: (name) => operand(name) as Tensor<Shape, 'f32'>,
        has: (name) => constants.has(name),
        indices: (name) => operand(name) as Tensor<Shape, 'i32'>,
        attribute: (name) => row.attrs[name]
      })
    })(variables)
    const [output = ''] = row.outputs
    expect(largestError(run(value)[0], recorded(row, `out.${output}`))).toBeLessThan(1e-10)
    const cotangent = bind('constant', { value: recorded(row, `ct.${output}`) })
    const gradients = run(tensorsOf(pullback(cotangent)))
    row.grads.forEach((name, index) =>
      expect([name, largestError(gradients[index], recorded(row, `grad.${name}`)) < 1e-10]).toEqual([name, true])
    )
  })
})
