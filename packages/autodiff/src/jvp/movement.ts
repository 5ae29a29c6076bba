import { bind } from '@tabula/tensor'
import { at, zerosLike } from '../expression.js'
import type { PushForward } from './rule.js'

/** Padded with zeros, whatever the value is padded with. */
export const padRule: PushForward<'pad'> = ({ attributes, tangents: [t] }) =>
  t === undefined ? [] : [bind('pad', { ...attributes, value: 0 }, t)]

/** The operands' tangents joined, zeros where one does not move. */
export const concatenateRule: PushForward<'concatenate'> = ({ attributes, inputs, tangents }) => [
  bind('concatenate', attributes, ...inputs.map((_, index) => tangents[index] ?? zerosLike(at(inputs, index))))
]
