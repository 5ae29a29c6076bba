import ts from 'typescript'
import type { Edit, Operator } from '../mutant.js'

/** What the operators ask about expressions of a rule module. */
export interface Types {
  readonly checker: ts.TypeChecker
  /** A tensor for certain. */
  readonly isTensor: (node: ts.Expression) => boolean
  /** A tensor, or a tensor or `undefined`: a cotangent or tangent. */
  readonly isDerivative: (node: ts.Expression) => boolean
  /** A list of these. */
  readonly isDerivatives: (node: ts.Expression) => boolean
  readonly isNumber: (node: ts.Expression) => boolean
  /** `readonly number[]`, a shape or a list of axes. */
  readonly isNumbers: (node: ts.Expression) => boolean
  /** `readonly [T, T]`: sides of a window, and pairs of such. */
  readonly isPair: (node: ts.Expression) => boolean
}

/** Answers the questions by the compiler's types. */
export const typesOf = (checker: ts.TypeChecker): Types => {
  const parts = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type])
  const isTensorType = (type: ts.Type): boolean => type.symbol?.name === 'Tensor'
  const isUndefined = (type: ts.Type): boolean => (type.flags & ts.TypeFlags.Undefined) !== 0
  const isNumberType = (type: ts.Type): boolean => (type.flags & ts.TypeFlags.NumberLike) !== 0
  const argumentsOf = (type: ts.Type): readonly ts.Type[] => ((type.flags & ts.TypeFlags.Object) !== 0 ? checker.getTypeArguments(type as ts.TypeReference) : [])
  return {
    checker,
    isTensor: (node) => isTensorType(checker.getTypeAtLocation(node)),
    isDerivative: (node) => {
      const found = parts(checker.getTypeAtLocation(node)).filter((type) => !isUndefined(type))
      return found.length > 0 && found.every(isTensorType)
    },
    isDerivatives: (node) => {
      const type = checker.getTypeAtLocation(node)
      const [element] = checker.isArrayType(type) ? argumentsOf(type) : []
      const found = element === undefined ? [] : parts(element).filter((part) => !isUndefined(part))
      return found.length > 0 && found.every(isTensorType)
    },
    isNumber: (node) => isNumberType(checker.getTypeAtLocation(node)),
    isNumbers: (node) => {
      const type = checker.getTypeAtLocation(node)
      if (!checker.isArrayType(type)) return false
      const [element] = argumentsOf(type)
      return element !== undefined && isNumberType(element)
    },
    isPair: (node) => {
      const type = checker.getTypeAtLocation(node)
      return checker.isTupleType(type) && argumentsOf(type).length === 2
    }
  }
}

/** Finds what one operator makes of one node, its children aside. */
export type Mutation = (node: ts.Node, types: Types) => readonly Edit[]

/** The node's text replaced. */
export const replace = (operator: Operator, node: ts.Node, mutated: string): Edit => ({ operator, start: node.getStart(), end: node.end, mutated })

/** What is called: `neg` of `neg(x)`, and of `bind('neg', {}, x)`, with the tensors alone as operands. */
export interface Application {
  readonly call: ts.CallExpression
  readonly name: string
  readonly bound: boolean
  /** Those operands that are tensors, in their order. */
  readonly operands: readonly ts.Expression[]
}

/** A call that answers a tensor or tensors, read as an application; `undefined` for other nodes. */
export const applicationOf = (node: ts.Node, types: Types): Application | undefined => {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) return undefined
  const called = node.expression.text
  const bound = called === 'bind' || called === 'bindAll'
  const [primitive] = node.arguments
  const name = bound ? (primitive !== undefined && ts.isStringLiteral(primitive) ? primitive.text : '') : called
  return { call: node, name, bound, operands: node.arguments.filter((argument) => !ts.isSpreadElement(argument) && types.isTensor(argument)) }
}

/** Whether an expression is an answer of a rule: an element of an answered list, what a function returns, or a branch of either. */
export const isAnswer = (node: ts.Expression, types: Types): boolean => types.isDerivative(node) && !isZero(node) && isAnswered(node, types)

/** Zeros stay what they are whatever their sign, and so they do where they are left out. */
const isZero = (node: ts.Expression): boolean => /^zerosLike\(.*\)$|^number\(0\)$|^mul\(.*, number\(0\)\)$/s.test(node.getText())

/** Whether an expression is all that a rule answers, as a list that is made elsewhere. */
export const isWholeAnswer = (node: ts.Expression, types: Types): boolean =>
  types.isDerivatives(node) && !ts.isArrayLiteralExpression(node) && !ts.isArrayLiteralExpression(node.parent) && isAnswered(node, types)

const isAnswered = (node: ts.Expression, types: Types): boolean => {
  if ( ts.isConditionalExpression(node) || ts.isParenthesizedExpression(node) || ts.isBlock(node)) return false
  if (ts.isIdentifier(node) && node.text === 'undefined') return false
  const { parent } = node
  if (ts.isArrowFunction(parent)) return parent.body === node
  if (ts.isReturnStatement(parent)) return true
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && inAnswer(parent, types)
  return (ts.isArrayLiteralExpression(parent) || isBatchOf(node, types)) && inAnswer(parent, types)
}

/** Whether a node is handed to a function that makes a batch of it, `allBatched([x])`. */
const isBatchOf = ({ parent }: ts.Node, { checker }: Types): boolean =>
  ts.isCallExpression(parent) && checker.getTypeAtLocation(parent).symbol?.name === 'Batch' && parent.arguments.length === 1

const inAnswer = (node: ts.Node, types: Types): boolean => {
  const { parent } = node
  if (ts.isArrowFunction(parent) || ts.isReturnStatement(parent)) return true
  if (isBatchOf(node, types)) return true
  if (ts.isConditionalExpression(parent) || ts.isArrayLiteralExpression(parent) || ts.isParenthesizedExpression(parent)) return inAnswer(parent, types)
  return false
}
