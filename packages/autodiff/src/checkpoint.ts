import { bindAll, placeholder, replaceTensors, tensorsOf } from '@tabula/tensor'
import { close } from './close.js'

/**
 * f, whose intermediate results are not kept for the backward pass but computed again from its operands (rematerialization;
 * Chen et al. 2016): same value, same derivatives, less memory, one more evaluation of f.
 *
 * The second evaluation reads the operands through a `barrier` that waits for the cotangents, so it neither merges with the
 * first nor runs before the backward pass gets there. Arguments are trees of tensors; tensors that f captures count as operands.
 */
export const checkpoint =
  <A extends readonly unknown[], R>(f: (...args: A) => R) =>
  (...args: A): R => {
    const operands = tensorsOf(args)
    const variables = operands.map((operand, index) => placeholder(`operand ${index}`, operand))
    const result = f(...replaceTensors(args, variables))
    const { graph, captured } = close(variables, tensorsOf(result))
    return replaceTensors(result, bindAll('call', { name: 'checkpoint', graph, recompute: true }, ...operands, ...captured))
  }
