import type { AnyNode } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { mostExactInteger } from '../kernel/storage.js'
import { mostRounds } from './limits.js'
import { routes } from './routes.js'

/** Why a node runs in the host's memory; `undefined` where it runs on the device. */
export const hostReason = (node: AnyNode): string | undefined => {
  const route = routes[node.primitive]
  if (typeof route === 'object') return route.host
  const all = [...node.inputs, ...node.outputs]
  switch (node.primitive) {
    case 'constant':
      return node.attributes.value.dtype === 'u32' ? 'it is data of the program' : undefined
    case 'maxPool2d':
    case 'maxPool2dGradient': {
      const [rows, columns] = node.attributes.kernel
      if (rows * (columns + 1) > mostRounds) return 'a thread may not visit so large a window'
      break
    }
    case 'scatterAdd':
      if (sizeOf(node.inputs[0]?.shape ?? []) > mostExactInteger) return 'so many places are beyond 2^24, to which the engine is exact'
      break
    default:
  }
  if (all.some(({ dtype }) => dtype === 'u32')) return 'the engine holds no unsigned integers'
  // What is empty among the parts of a concatenation is left out.
  if ((node.primitive === 'concatenate' ? node.outputs : all).some(({ shape }) => sizeOf(shape) === 0)) return 'the engine has no empty arrays'
  return undefined
}
