import type { AnyNode } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { routes } from './routes.js'

/** Why a node runs in the host's memory; `undefined` where it runs on the device. */
export const hostReason = (node: AnyNode): string | undefined => {
  const route = routes[node.primitive]
  if (typeof route === 'object') return route.host
  const all = [...node.inputs, ...node.outputs]
  switch (node.primitive) {
    case 'constant':
      return node.attributes.value.dtype === 'u32' ? 'it is data of the program' : undefined
    case 'div':
    case 'rem':
      if (node.inputs[1]?.dtype !== 'f32') return 'a divisor may be zero, which integers refuse'
      break
    case 'argmax':
      if ((node.inputs[0]?.shape[node.attributes.axis] ?? 1) > 60_000) return 'a thread may not loop so often'
      break
    default:
  }
  if (all.some(({ dtype }) => dtype === 'u32')) return 'the engine holds no unsigned integers'
  if (all.some(({ shape }) => sizeOf(shape) === 0)) return 'the engine has no empty arrays'
  return undefined
}
