import type { Node, Tensor } from '../../../../node.js'
import type { Contraction } from './contraction.js'
import { conv2dContraction, inputGradientContraction, weightGradientContraction } from './convolution.js'
import { matmulContraction } from './matmul.js'

/** The primitives that are sums of products. */
type Contracted = Node<'matmul'> | Node<'conv2d'> | Node<'conv2dInputGradient'> | Node<'conv2dWeightGradient'>

/** A node as a sum of products of its operands' elements. */
export const contractionOf = (node: Contracted, left: Tensor, right: Tensor): Contraction => {
  switch (node.primitive) {
    case 'matmul':
      return matmulContraction(node, left, right)
    case 'conv2d':
      return conv2dContraction(node, left, right)
    case 'conv2dInputGradient':
      return inputGradientContraction(node, left, right)
    case 'conv2dWeightGradient':
      return weightGradientContraction(node, left, right)
  }
}
