import { bind } from '../bind.js'
import type { Tensor } from '../node.js'
import type { Shape } from '../shape-types.js'
import { valueOf, scalar } from '../value.js'

/** Numbers in [0, 1) from the 23 high bits of random words: the same numbers as `uniform` of the same words on the host. */
export const uniformFromBits = <S extends Shape>(bits: Tensor<S, 'u32'>): Tensor<S, 'f32'> => {
  const high = bind('div', {}, bits, bind('constant', { value: valueOf('u32', [], [512]) }))
  // An elementwise product with a rank-0 constant has the operand's shape; `cast` made it f32.
  return bind('mul', {}, bind('cast', { dtype: 'f32' }, high), bind('constant', { value: scalar(2 ** -23) })) as Tensor<S, 'f32'>
}
