import type { PrimitiveName } from '../../../primitive.js'
import { elementwise } from './elementwise.js'
import { linear } from './linear.js'
import type { Lowered, Lowering } from './lowering.js'
import { onHost } from './lowering.js'
import { movement } from './movement.js'
import { reduction } from './reduction.js'

/** A lowering for every primitive. */
export type Lowerings = { readonly [P in PrimitiveName]: Lowering<P> }

const alias = (): Lowered => ({ _tag: 'alias' })
const irregular = onHost('its order of work depends on the data')
const indexed = onHost('it reads or writes at computed indices')

/** How each primitive runs: as kernels, or on the host for the reason given. */
export const lowerings: Lowerings = {
  input: alias,
  constant: onHost('it is data of the program'),
  iota: onHost('it is data of the program'),
  randomBits: onHost('it is integer arithmetic on a key'),
  ...elementwise,
  reshape: alias,
  ...movement,
  ...reduction,
  argmax: irregular,
  ...linear,
  maxPool2d: indexed,
  maxPool2dGradient: indexed,
  gather: indexed,
  scatterAdd: indexed,
  topK: irregular,
  nms: irregular,
  roiAlign: indexed,
  roiAlignGradient: indexed,
  stopGradient: alias,
  barrier: alias,
  allReduce: alias,
  call: () => ({ _tag: 'subgraph', selected: false }),
  cond: () => ({ _tag: 'subgraph', selected: true })
}
