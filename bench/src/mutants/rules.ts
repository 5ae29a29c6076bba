import { dirname, relative } from 'node:path'
import ts from 'typescript'
import type { Kind } from './mutant.js'

/** A piece of source in which a mistake is a mistake of the rules named: an entry of the record, or a declaration that entries rest on. */
export interface Region {
  readonly source: ts.SourceFile
  /** The name of the declaration, or `record` for an entry's own expression. */
  readonly name: string
  readonly node: ts.Node
  readonly rules: readonly string[]
}

/** An entry of the record that is a reason in place of a rule: `sign: 'zero derivative'`. */
export interface Declared {
  readonly rule: string
  readonly reason: string
  readonly source: ts.SourceFile
  readonly node: ts.Expression
}

/** All that is known of one kind of rules. */
export interface Rules {
  readonly kind: Kind
  /** The primitives, in the record's order. */
  readonly names: readonly string[]
  readonly declared: readonly Declared[]
  readonly regions: readonly Region[]
}

/** The record of rules: the object of a folder's index.ts that has the most entries. */
const recordIn = (index: ts.SourceFile): ts.ObjectLiteralExpression => {
  const literals = index.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations)
    .map(({ initializer }) => (initializer !== undefined && ts.isSatisfiesExpression(initializer) ? initializer.expression : initializer))
    .flatMap((initializer) => (initializer !== undefined && ts.isObjectLiteralExpression(initializer) ? [initializer] : []))
  const [largest] = [...literals].sort((a, b) => b.properties.length - a.properties.length)
  if (largest === undefined) throw new Error(`${index.fileName}: expected a record of rules, found no object`)
  return largest
}

/** Where a name is declared, imports followed. */
const declarationsOf = (checker: ts.TypeChecker, name: ts.Node): readonly ts.Declaration[] => {
  const symbol = ts.isShorthandPropertyAssignment(name.parent) ? checker.getShorthandAssignmentValueSymbol(name.parent) : checker.getSymbolAtLocation(name)
  if (symbol === undefined) return []
  return (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol).declarations ?? []
}

/** A declaration with code of its own at a file's top level, or `undefined`. */
const topLevel = (declaration: ts.Declaration): ts.Declaration | undefined => {
  if (ts.isFunctionDeclaration(declaration) && ts.isSourceFile(declaration.parent)) return declaration
  if (ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined && ts.isSourceFile(declaration.parent.parent.parent)) return declaration
  return undefined
}

const identifiersIn = (node: ts.Node): readonly ts.Identifier[] => {
  const found: ts.Identifier[] = []
  const visit = (child: ts.Node): void => {
    if (ts.isTypeNode(child)) return
    if (ts.isIdentifier(child)) found.push(child)
    ts.forEachChild(child, visit)
  }
  visit(node)
  return found
}

/** The declarations of a folder that an expression rests on, however indirectly. */
const reached = (checker: ts.TypeChecker, folder: string, from: ts.Node, found: Set<ts.Declaration>): ReadonlySet<ts.Declaration> => {
  for (const identifier of identifiersIn(from)) {
    for (const declaration of declarationsOf(checker, identifier)) {
      const top = topLevel(declaration)
      if (top === undefined || found.has(top) || dirname(top.getSourceFile().fileName) !== folder) continue
      found.add(top)
      reached(checker, folder, top, found)
    }
  }
  return found
}

const isReference = (node: ts.Expression): boolean => ts.isIdentifier(node) || (ts.isPropertyAccessExpression(node) && isReference(node.expression))

const nameOf = (declaration: ts.Declaration): string => {
  const name = ts.getNameOfDeclaration(declaration)
  return name === undefined || !ts.isIdentifier(name) ? 'default' : name.text
}

/** Spread records are followed, so that a record may be composed of smaller ones. */
const entriesOf = (checker: ts.TypeChecker, record: ts.ObjectLiteralExpression): readonly (readonly [string, ts.Expression])[] =>
  record.properties.flatMap((property) => {
    if (ts.isPropertyAssignment(property)) return [[property.name.getText().replaceAll(/^['"]|['"]$/g, ''), property.initializer] as const]
    if (ts.isShorthandPropertyAssignment(property)) return [[property.name.text, property.name] as const]
    if (!ts.isSpreadAssignment(property)) return []
    const name = ts.isPropertyAccessExpression(property.expression) ? property.expression.name : property.expression
    return declarationsOf(checker, name).flatMap((declaration) =>
      ts.isVariableDeclaration(declaration) && declaration.initializer !== undefined && ts.isObjectLiteralExpression(declaration.initializer)
        ? entriesOf(checker, declaration.initializer)
        : []
    )
  })

/** Reads the rules of a kind from its folder's index.ts. Throws where that holds no record. */
export const rulesOf = (kind: Kind, program: ts.Program, index: ts.SourceFile): Rules => {
  const checker = program.getTypeChecker()
  const folder = dirname(index.fileName)
  const entries = entriesOf(checker, recordIn(index))
  const users = new Map<ts.Node, { readonly source: ts.SourceFile; readonly name: string; readonly rules: string[] }>()
  const charge = (node: ts.Node, name: string, rule: string): void => {
    const known = users.get(node) ?? { source: node.getSourceFile(), name, rules: [] }
    known.rules.push(rule)
    users.set(node, known)
  }
  const declared: Declared[] = []
  for (const [rule, expression] of entries) {
    if (ts.isStringLiteral(expression)) {
      declared.push({ rule, reason: expression.text, source: expression.getSourceFile(), node: expression })
      continue
    }
    charge(expression, isReference(expression) ? 'entry' : 'record', rule)
    for (const declaration of reached(checker, folder, expression, new Set())) charge(declaration, nameOf(declaration), rule)
  }
  return {
    kind,
    names: entries.map(([name]) => name),
    declared,
    regions: [...users].map(([node, { source, name, rules }]) => ({ node, source, name, rules }))
  }
}

/** A file as mutants name it. */
export const shortName = (folder: string, source: ts.SourceFile): string => relative(folder, source.fileName).replaceAll('\\', '/')
