import { allocate, bindAll, sameShape, showShape, sizeOf } from '@tabula/tensor'
import type { Abstract, HostValue } from '@tabula/tensor'
import { allBatched } from './axes.js'
import type { ApplyToBatch } from './rule.js'

/** One example's part of an array, in the same memory. */
const exampleOf = (value: HostValue, example: number): HostValue => {
  const shape = value.shape.slice(1)
  const size = sizeOf(shape)
  // The same element type and the same kind of array.
  return { ...value, shape, data: value.data.subarray(example * size, (example + 1) * size) } as HostValue
}

const describe = ({ dtype, shape }: Abstract): string => `${dtype}${showShape(shape)}`

/** What every example's call has answered for one output, as one array. Throws where one does not fit. */
const stacked = (output: Abstract, results: readonly (HostValue | undefined)[]): HostValue => {
  const { dtype, shape } = output
  const data = allocate(dtype, results.length * sizeOf(shape), 'double')
  results.forEach((result, example) => {
    if (result === undefined || result.dtype !== dtype || !sameShape(result.shape, shape)) {
      throw new RangeError(`example ${example}: expected ${describe(output)}, found ${result === undefined ? 'nothing' : describe(result)}`)
    }
    data.set(result.data, example * sizeOf(shape))
  })
  // An array that was allocated for the element type.
  return { kind: 'host', dtype, shape: [results.length, ...shape], data } as HostValue
}

/** One host function that calls the given one for every example, so that the program is as small as for one of them. */
export const hostRule: ApplyToBatch<'host'> = ({ attributes: { name, outputs, run }, inputs, batched, size }) => {
  const runAll = (operands: readonly HostValue[]): readonly HostValue[] => {
    const answers = Array.from({ length: size }, (_, example) =>
      run(operands.map((operand, index) => (batched[index] === true ? exampleOf(operand, example) : operand)))
    )
    return outputs.map((output, index) => stacked(output, answers.map((results) => results[index])))
  }
  const many = outputs.map(({ shape, dtype }) => ({ shape: [size, ...shape], dtype }))
  return allBatched(bindAll('host', { name, outputs: many, run: runAll }, ...inputs))
}
