import ts from 'typescript'
import { applicationOf, isAnswer, isWholeAnswer, replace } from './types.js'
import type { Mutation } from './types.js'

/**
 * Names that every mutated module can use, whatever it imports: they are imported at its end under these names.
 * `$neg(t)`, `$add(a, b)` and so on build the same expressions as rules do.
 */
export const prelude = `
import { add as $add, neg as $neg, number as $number, sub as $sub } from '../expression.js'
import { bind as $bind } from '@tabula/tensor'
`

/** A sum for a difference, a difference for a sum, a negation that is missing, and one too many on what is answered. */
export const sign: Mutation = (node, types) => {
  const edits = []
  const application = applicationOf(node, types)
  const [first, second] = application?.operands ?? []
  if (application !== undefined && first !== undefined) {
    const { name } = application
    if (name === 'neg') edits.push(replace('sign', node, first.getText()))
    if (name === 'add' && second !== undefined) edits.push(replace('sign', node, `$sub(${first.getText()}, ${second.getText()})`))
    if (name === 'sub' && second !== undefined) edits.push(replace('sign', node, `$add(${first.getText()}, ${second.getText()})`))
  }
  if (ts.isExpression(node) && isAnswer(node, types) && application?.name !== 'neg') {
    edits.push(replace('sign', node, types.isTensor(node) ? `$neg(${node.getText()})` : `((t) => t === undefined ? undefined : $neg(t))(${node.getText()})`))
  }
  if (ts.isExpression(node) && isWholeAnswer(node, types)) {
    edits.push(replace('sign', node, `${node.getText()}.map((t) => (t === undefined ? t : $neg(t)))`))
  }
  return edits
}

const terms = new Set(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'and', 'or'])

/**
 * One operand in place of a sum, product, quotient or elementwise function; nothing in place of a derivative that is answered. `fixed` stays,
 * which computes nothing: it says for messages that an operand is data.
 */
export const droppedTerm: Mutation = (node, types) => {
  const edits = []
  const application = applicationOf(node, types)
  if (application !== undefined && !reshaping.has(application.name) && !summing.has(application.name) && application.name !== 'neg' && application.name !== 'fixed') {
    const { operands, name } = application
    const kept = terms.has(name) ? operands : operands.length === 1 && types.isTensor(application.call) ? operands : []
    edits.push(...kept.map((operand) => replace('dropped term', node, operand.getText())))
  }
  if (ts.isExpression(node) && isAnswer(node, types)) edits.push(replace('dropped term', node, 'undefined'))
  if (ts.isExpression(node) && isWholeAnswer(node, types)) edits.push(replace('dropped term', node, '[]'), replace('dropped term', node, `${node.getText()}.slice(0, 1)`))
  return edits
}

/** Calls that undo or do a broadcast. */
const summing = new Set(['unbroadcast', 'broadcastTo', 'reduceSum', 'alongside', 'beside'])

/** Calls that move elements, or change the shape alone. */
const reshaping = new Set(['transpose', 'transposeLast', 'reshape', 'reverse', 'rows', 'flat', 'moveAxis', 'moveToFront'])

const without = (names: ReadonlySet<string>, operator: 'missing broadcast-sum' | 'missing transpose'): Mutation => (node, types) => {
  const application = applicationOf(node, types)
  const [operand] = application?.operands ?? []
  return application !== undefined && operand !== undefined && names.has(application.name) ? [replace(operator, node, operand.getText())] : []
}

/** The operand of a broadcast or of the sum that is its transpose, as it is. */
export const missingBroadcastSum: Mutation = without(summing, 'missing broadcast-sum')

/** The operand of a transposition, reshape or reversal, as it is. */
export const missingTranspose: Mutation = without(reshaping, 'missing transpose')

/** Zero times what is answered. */
export const zero: Mutation = (node, types) =>
  ts.isExpression(node) && isAnswer(node, types) && types.isTensor(node) ? [replace('zero', node, `$bind('mul', {}, ${node.getText()}, $number(0))`)] : []
