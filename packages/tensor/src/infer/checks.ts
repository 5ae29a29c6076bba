import type { Dtype } from '../dtype.js'
import { DtypeError, ShapeError } from '../errors.js'
import type { Abstract } from '../node.js'
import { showShape } from '../shape.js'

/** The operand at `index`, which the caller of the rule must have given. */
export const operand = (operation: string, inputs: readonly Abstract[], index: number): Abstract => {
  const input = inputs[index]
  if (input === undefined) {
    throw new ShapeError({ operation, operand: `operand ${index}`, expected: 'an operand', found: `${inputs.length} operands` })
  }
  return input
}

/** Throws `DtypeError` unless the operand's element type is one of `allowed`. */
export const requireDtype = (operation: string, name: string, input: Abstract, ...allowed: readonly Dtype[]): void => {
  if (!allowed.includes(input.dtype)) {
    throw new DtypeError({ operation, operand: name, expected: allowed.join(' or '), found: input.dtype })
  }
}

/** Throws `ShapeError` unless the operand has this rank. */
export const requireRank = (operation: string, name: string, input: Abstract, rank: number, layout: string): void => {
  if (input.shape.length !== rank) {
    throw new ShapeError({ operation, operand: name, expected: `rank ${rank} ${layout}`, found: showShape(input.shape) })
  }
}

/** Throws `ShapeError` with these words unless the condition holds. */
export const require = (condition: boolean, operation: string, name: string, expected: string, found: string): void => {
  if (!condition) throw new ShapeError({ operation, operand: name, expected, found })
}
