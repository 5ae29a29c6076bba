import { describe, expect, test } from 'vitest'
import { cast } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { vjp } from '@tabula/autodiff'
import { constantOf, largestError, run } from './support/run.js'
import { torchCases, torchGroup } from './support/torch-fixtures.js'
import type { TorchCase } from './support/torch-fixtures.js'
import { torchOperations } from './support/torch-operations.js'

const operationOf = ({ name, op }: TorchCase) => torchOperations[name] ?? torchOperations[op]
const cases = torchCases.filter((row) => row.group !== 'boxes' && row.group !== 'pipeline' && operationOf(row) !== undefined)
const groups = new Map([...new Set(cases.map(({ group }) => group))].map((group) => [group, torchGroup(group)]))

const recorded = (row: TorchCase, name: string): HostValue => {
  const value = groups.get(row.group)?.get(`${row.name}/${name}`)
  if (value === undefined) throw new Error(`${row.name}/${name} is not recorded`)
  return value
}

/** PyTorch's derivative of hardsigmoid is 1/6 in single precision. */
const tolerance = ({ op }: TorchCase): number => (op === 'hardsigmoid' ? 1e-8 : 1e-10)

describe('values and gradients recorded from PyTorch, in float64', () => {
  test('every recorded normalization, loss, resampling and average pooling is covered', () => {
    const missing = torchCases.filter((row) => ['norm', 'loss', 'upsample'].includes(row.group) && operationOf(row) === undefined).map(({ op }) => op)
    expect([...new Set(missing)].sort()).toEqual(['batch_norm_per_replica', 'sync_batch_norm'])
    expect(cases.length).toBeGreaterThan(110)
  })

  test.each(cases)('$name', (row) => {
    const operation = operationOf(row)
    if (operation === undefined) throw new Error('no operation')
    const constants = new Map(row.inputs.map((name) => [name, constantOf(recorded(row, `in.${name}`))]))
    const variables = Object.fromEntries(row.grads.map((name) => [name, constants.get(name)]))
    const { value, pullback } = vjp((parameters: Readonly<Record<string, Tensor | undefined>>) => {
      const operand = (name: string): Tensor => {
        const found = parameters[name] ?? constants.get(name)
        if (found === undefined) throw new Error(`no operand ${name}`)
        return found
      }
      return operation({
        of: (name) => cast('f32')(operand(name)),
        has: (name) => constants.has(name),
        indices: (name) => operand(name) as Tensor<Shape, 'i32'>,
        attribute: (name) => row.attrs[name]
      })
    })(variables)
    const results = run(value)
    row.outputs.forEach((output, index) => expect(largestError(results[index], recorded(row, `out.${output}`))).toBeLessThan(1e-10))
    if (row.grads.length === 0) return
    const cotangents = row.outputs.map((output) => {
      const found = groups.get(row.group)?.get(`${row.name}/ct.${output}`)
      return found === undefined ? null : constantOf(found)
    })
    const gradients = run(pullback(cotangents))
    row.grads.forEach((name, index) => expect(largestError(gradients[index], recorded(row, `grad.${name}`))).toBeLessThan(tolerance(row)))
  })
})
