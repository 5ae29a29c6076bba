import { replaceTensors, stopGradient as stopOne, tensorsOf } from '@tabula/tensor'

/**
 * A tensor or a tree of tensors as constants: the same values, through which no derivative flows, of any order. Integers and truth
 * values may be among them. Throws `TreeError` at a leaf that is no tensor.
 */
export const stopGradient = <T>(tree: T): T => replaceTensors(tree, tensorsOf(tree).map(stopOne))
