import { at } from '../expression.js'
import { atMaxima } from '../vjp/linear.js'
import type { PushForward } from './rule.js'

/** Read at each window's (first) maximum; the indices have no derivative. */
export const maxPool2dRule: PushForward<'maxPool2d'> = ({ attributes, outputs, tangents: [t] }) =>
  t === undefined ? [] : [atMaxima(attributes, t, at(outputs, 1))]
