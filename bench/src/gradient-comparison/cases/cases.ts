import type { loadJax } from '../contestants/jax.js'
import type { Case } from '../case.js'
import { elementwise } from './elementwise.js'
import { indexing } from './indexing.js'
import { linear } from './linear.js'
import { losses } from './losses.js'
import { reductions } from './reductions.js'
import { shapes } from './shapes.js'
import { structures } from './structures.js'

type Jax = Awaited<ReturnType<typeof loadJax>>

/** Cases, given the module of jax-js, which cannot be imported before there is a `navigator`. */
export type Cases = (jax: Jax) => readonly Case[]

/** All cases, by the heading under which the table lists them. */
export const groups: Readonly<Record<string, Cases>> = {
  'Element by element': elementwise,
  Shape: shapes,
  'Reductions and normalization': reductions,
  'Products, convolutions, pooling': linear,
  'Indexing and order': indexing,
  'Detector losses and boxes': losses,
  Structure: structures
}
