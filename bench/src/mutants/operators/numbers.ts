import ts from 'typescript'
import { applicationOf, replace } from './types.js'
import type { Mutation, Types } from './types.js'
import type { Edit, Operator } from '../mutant.js'

/** Whether a name is read here, rather than declared, or one of a property. */
const isRead = (node: ts.Node): node is ts.Identifier => {
  if (!ts.isIdentifier(node)) return false
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node && !ts.isCallExpression(parent.parent)
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isElementAccessExpression(parent) && parent.expression === node) return false
  if (ts.isCallExpression(parent)) return parent.expression !== node
  return ts.isArrayLiteralExpression(parent) || ts.isSpreadElement(parent) || ts.isBinaryExpression(parent) || ts.isVariableDeclaration(parent) || ts.isReturnStatement(parent) || ts.isConditionalExpression(parent) || ts.isElementAccessExpression(parent)
}

/** `x` as an expression, in a property written short as `{ x }` too. */
const written = (operator: Operator, node: ts.Identifier, mutated: string): Edit =>
  replace(operator, node, ts.isShorthandPropertyAssignment(node.parent) ? `${node.text}: ${mutated}` : mutated)

/** A plain value: not what is assigned to, compared or declared. */
const isValue = (node: ts.Node): boolean => {
  const { parent } = node
  if (ts.isVariableDeclaration(parent)) return parent.initializer === node
  if (!ts.isBinaryExpression(parent) || parent.left !== node) return true
  const { kind } = parent.operatorToken
  return kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment
}

const axisName = /^(axis|axes|permutation|inverse|batchDims|a|position|rank|dimension|at|front|from|to)$|Ax(is|es)$/

const valueType = (node: ts.Identifier, types: Types) => {
  // The type of `{ x }` at its name is that of the property; the value's is asked for where it is read.
  return { number: types.isNumber(node), numbers: types.isNumbers(node), pair: types.isPair(node) }
}

/** An axis one further or one nearer, axes in reverse order, one axis too few, and the two sides of windows exchanged. */
export const wrongAxis: Mutation = (node, types) => {
  if (isRead(node) && isValue(node)) {
    const { number, numbers, pair } = valueType(node, types)
    if (pair) return [written('wrong axis', node, `[${node.text}[1], ${node.text}[0]]`)]
    if (!axisName.test(node.text)) return []
    if (number) return [written('wrong axis', node, `(${node.text} + 1)`), written('wrong axis', node, `(${node.text} - 1)`)]
    // A set of axes has no order, a permutation has.
    if (numbers) return [...(node.text === 'axes' ? [] : [written('wrong axis', node, `[...${node.text}].reverse()`)]), written('wrong axis', node, `${node.text}.slice(1)`)]
    return []
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'indexOf') {
    const [index] = node.arguments
    return index === undefined ? [] : [replace('wrong axis', node, `(${node.expression.expression.getText()}[${index.getText()}] ?? 0)`)]
  }
  if (ts.isArrayLiteralExpression(node) && node.elements.length === 2 && node.elements.every((element) => !ts.isSpreadElement(element) && types.isNumber(element))) {
    const [a, b] = node.elements
    return a === undefined || b === undefined || a.getText() === b.getText() ? [] : [replace('wrong axis', node, `[${b.getText()}, ${a.getText()}]`)]
  }
  return []
}

/** Numbers one larger or smaller, and lists of numbers (bounds, padding, strides) one larger throughout. */
export const offByOne: Mutation = (node, types) => {
  if (ts.isNumericLiteral(node) && !ts.isLiteralTypeNode(node.parent) && isValue(node)) {
    const { parent } = node
    // What stands behind `??` or as a default is what the compiler wants said of an element that is always there.
    if (ts.isBindingElement(parent) || (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken && parent.right === node)) return []
    // Operands are exchanged rather than counted.
    if (ts.isCallExpression(parent) && applicationOf(parent, types)?.name === 'at' && !types.isNumber(parent)) return []
    const value = Number(node.text)
    if (ts.isPrefixUnaryExpression(parent)) return [replace('off by one', node, String(value + 1))]
    const [more, less] = [replace('off by one', node, String(value + 1)), replace('off by one', node, String(value - 1))]
    return value === 0 ? [more] : [more, less]
  }
  if (!isRead(node) || !isValue(node)) return []
  const { number, numbers, pair } = valueType(node, types)
  if (axisName.test(node.text)) return []
  const { parent } = node
  const given = ts.isShorthandPropertyAssignment(parent) || ts.isPropertyAssignment(parent) || ts.isCallExpression(parent)
  if (!given) return []
  if (number) return [written('off by one', node, `(${node.text} + 1)`)]
  if (numbers) return [written('off by one', node, `${node.text}.map((one) => one + 1)`)]
  if (pair) {
    const element = types.checker.typeToString(types.checker.getTypeAtLocation(node))
    return element.includes('[[') || element.includes('[readonly')
      ? [written('off by one', node, `[[${node.text}[0][0] + 1, ${node.text}[0][1]], ${node.text}[1]]`), written('wrong axis', node, `[[${node.text}[0][1], ${node.text}[0][0]], ${node.text}[1]]`)]
      : [written('off by one', node, `[${node.text}[0] + 1, ${node.text}[1]]`)]
  }
  return []
}

const comparisons: Readonly<Record<string, string>> = { '===': '!==', '!==': '===', '<': '<=', '<=': '<', '>': '>=', '>=': '>', '&&': '||', '||': '&&' }
const quantifiers: Readonly<Record<string, string>> = { every: 'some', some: 'every' }
const orders: Readonly<Record<string, string>> = { less: 'lessEqual', lessEqual: 'less' }

/** Comparisons, connectives and truth values exchanged for their neighbours, and conditions that are not comparisons negated. */
export const condition: Mutation = (node, types) => {
  if (ts.isBinaryExpression(node)) {
    const other = comparisons[node.operatorToken.getText()]
    return other === undefined ? [] : [replace('condition', node, `${node.left.getText()} ${other} ${node.right.getText()}`)]
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression
    const other = quantifiers[name.text]
    return other === undefined ? [] : [replace('condition', node, `${expression.getText()}.${other}(${node.arguments.map((argument) => argument.getText()).join(', ')})`)]
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
    return ts.isBinaryExpression(node.parent) || ts.isLiteralTypeNode(node.parent) ? [] : [replace('condition', node, node.kind === ts.SyntaxKind.TrueKeyword ? 'false' : 'true')]
  }
  const application = applicationOf(node, types)
  if (application?.name === 'equal') return [replace('condition', node, `$bind('not', {}, ${node.getText()})`)]
  const other = application === undefined ? undefined : orders[application.name]
  if (application !== undefined && other !== undefined) {
    return [replace('condition', node, `$bind('${other}', {}, ${application.operands.map((operand) => operand.getText()).join(', ')})`)]
  }
  const test = ts.isConditionalExpression(node) ? node.condition : ts.isIfStatement(node) ? node.expression : undefined
  return test === undefined || ts.isBinaryExpression(test) ? [] : [replace('condition', test, `!(${test.getText()})`)]
}

const inverses: Readonly<Record<string, string>> = { '+': '-', '-': '+', '*': '/', '/': '*' }

/** Sums of numbers for differences, products for quotients, and the other way round. */
export const arithmetic: Mutation = (node, types) => {
  if (!ts.isBinaryExpression(node) || !types.isNumber(node.left) || !types.isNumber(node.right)) return []
  const other = inverses[node.operatorToken.getText()]
  return other === undefined ? [] : [replace('arithmetic', node, `${node.left.getText()} ${other} ${node.right.getText()}`)]
}
