import { allocate } from '../../dtype.js'
import type { Precision } from '../../dtype.js'
import { messageOf } from '../../errors.js'
import type { Abstract } from '../../node.js'
import type { HostAttributes } from '../../primitive.js'
import { sameShape, showShape, sizeOf } from '../../shape.js'
import type { HostValue } from '../../value.js'
import type { Evaluation } from './evaluation.js'
import { made, Refused } from './evaluation.js'

/** A host function as messages and reports name it. */
export const hostTitle = (name: string): string => `host function "${name}"`

const describe = ({ dtype, shape }: Abstract): string => `${dtype}${showShape(shape)}`

/** The result in the interpreter's storage; a copy, as the function may keep what it answered. */
const taken = ({ dtype, shape, data }: HostValue, precision: Precision): HostValue => {
  const copy = allocate(dtype, data.length, precision)
  copy.set(data)
  return made(dtype, shape, copy)
}

/**
 * What a host function answers, once it has been found to be of the shapes and types declared. Throws `Refused`, which names the function,
 * where it is not, and where the function throws.
 */
export const runHost = ({ name, outputs, run }: HostAttributes, operands: readonly HostValue[], precision: Precision): readonly HostValue[] => {
  const refuse = (message: string): never => {
    throw new Refused(hostTitle(name), message)
  }
  const answered = ((): readonly HostValue[] => {
    try {
      return run(operands)
    } catch (thrown) {
      return refuse(messageOf(thrown))
    }
  })()
  if (answered.length !== outputs.length) refuse(`expected ${outputs.length} results, found ${answered.length}`)
  return outputs.map((output, index) => {
    const result = answered[index]
    if (result === undefined) return refuse(`result ${index}: expected ${describe(output)}, found nothing`)
    const fits = result.dtype === output.dtype && sameShape(result.shape, output.shape) && result.data.length === sizeOf(output.shape)
    return fits ? taken(result, precision) : refuse(`result ${index}: expected ${describe(output)}, found ${describe(result)} with ${result.data.length} elements`)
  })
}

/** The function applied to the operands. */
export const host: Evaluation<'host'> = (attributes, inputs, _outputs, { precision }) => runHost(attributes, inputs, precision)
