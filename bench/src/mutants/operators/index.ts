import ts from 'typescript'
import type { Edit } from '../mutant.js'
import { arithmetic, condition, offByOne, wrongAxis } from './numbers.js'
import { swappedOperands } from './operands.js'
import { droppedTerm, missingBroadcastSum, missingTranspose, sign, zero } from './terms.js'
import type { Mutation, Types } from './types.js'

export { prelude } from './terms.js'
export { typesOf } from './types.js'
export type { Types } from './types.js'

const mutations: readonly Mutation[] = [sign, droppedTerm, swappedOperands, wrongAxis, missingBroadcastSum, missingTranspose, offByOne, zero, condition, arithmetic]

/** All edits of a piece of source, in the order of the text. What is thrown and its messages are left alone, and so are types. */
export const editsOf = (region: ts.Node, types: Types): readonly Edit[] => {
  const edits: Edit[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isThrowStatement(node)) return
    for (const mutation of mutations) edits.push(...mutation(node, types))
    ts.forEachChild(node, visit)
  }
  visit(region)
  return edits
}
