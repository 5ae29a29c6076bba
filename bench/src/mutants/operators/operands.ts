import ts from 'typescript'
import { applicationOf, isWholeAnswer, replace } from './types.js'
import type { Mutation, Types } from './types.js'

const commutative = new Set(['add', 'mul', 'equal', 'and', 'or', 'maximum', 'minimum'])

/** Two expressions of the source exchanged, as one edit of what holds both. */
const exchanged = (whole: ts.Node, a: ts.Node, b: ts.Node) => {
  const text = whole.getText()
  const from = whole.getStart()
  return replace(
    'swapped operands',
    whole,
    text.slice(0, a.getStart() - from) + b.getText() + text.slice(a.end - from, b.getStart() - from) + a.getText() + text.slice(b.end - from)
  )
}

const neighbours = <T>(items: readonly T[]): readonly (readonly [T, T])[] =>
  items.flatMap((item, index) => {
    const next = items[index + 1]
    return next === undefined ? [] : [[item, next] as const]
  })

/** The two numbers of subscripts that a mistake confuses most: 0 and 1, 1 and 2. */
const otherIndex = (index: number): number => (index === 0 ? 1 : index - 1)

const patternAlternatives = (element: ts.BindingElement, types: Types): readonly string[] => {
  const pattern = element.parent
  if (!ts.isObjectBindingPattern(pattern) || element.dotDotDotToken !== undefined || !ts.isIdentifier(element.name)) return []
  const { checker } = types
  const type = checker.typeToString(checker.getTypeAtLocation(element))
  if (type !== 'Tensor' && !type.startsWith('Tensor<')) return []
  const taken = new Set(pattern.elements.map(({ propertyName, name }) => (propertyName ?? name).getText()))
  return checker
    .getPropertiesOfType(checker.getTypeAtLocation(pattern))
    .filter((property) => !taken.has(property.name) && checker.typeToString(checker.getTypeOfSymbol(property)) === type)
    .map((property) => property.name)
}

/** Operands exchanged with their neighbours, one operand read for another, answers exchanged, and a parameter bound to its neighbour. */
export const swappedOperands: Mutation = (node, types) => {
  if (ts.isExpression(node) && isWholeAnswer(node, types) && !ts.isCallExpression(node)) return [replace('swapped operands', node, `[...${node.getText()}].reverse()`)]
  const application = applicationOf(node, types)
  if (application !== undefined && application.name === 'at') {
    const [list, index] = application.call.arguments
    return list !== undefined && index !== undefined && ts.isNumericLiteral(index) ? [replace('swapped operands', node, `at(${list.getText()}, ${otherIndex(Number(index.text))})`)] : []
  }
  if (application !== undefined && !commutative.has(application.name)) {
    const edits = neighbours(application.operands).filter(([a, b]) => a.getText() !== b.getText()).map(([a, b]) => exchanged(application.call, a, b))
    return edits
  }
  if (ts.isArrayLiteralExpression(node)) {
    const derivatives = node.elements.filter((element) => types.isDerivative(element) || element.getText() === 'undefined')
    return derivatives.length === node.elements.length ? neighbours(derivatives).filter(([a, b]) => a.getText() !== b.getText()).map(([a, b]) => exchanged(node, a, b)) : []
  }
  if (ts.isBindingElement(node)) {
    const name = node.name.getText()
    return patternAlternatives(node, types).map((other) => replace('swapped operands', node, `${other}: ${name}`))
  }
  if (ts.isArrowFunction(node) && node.parameters.every(({ name }) => ts.isIdentifier(name))) {
    const tensors = node.parameters.filter(({ name }) => ts.isIdentifier(name) && types.isTensor(name))
    return neighbours(tensors).map(([a, b]) => exchanged(node, a.name, b.name))
  }
  return []
}
