/**
 * `node scripts/check-docs.mjs`: every name that a package exports through an entry point of its package.json has a doc comment. The comment
 * says more than the name does, names what is thrown (`Throws …`) where the declaration itself throws, and says when there is a `Left` where
 * the function answers `Either` or `TaskEither`. Part of `npm test`.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Words that say nothing by themselves. */
const filler = new Set('a an the of and or to in on for from with by as is are its this that it one value type function record see settings options'.split(' '))

const words = (text) =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !filler.has(word))

/** The same for a word's singular, plural and other forms. */
const stem = (word) => word.replace(/(ies|y)$/, 'i').replace(/(ing|ed|es|er|s)$/, '')

const onlyRepeats = (name, comment) => {
  const known = new Set(words(name).map(stem))
  return words(comment).filter((word) => !known.has(stem(word))).length < 2
}

/** Whether a throw is an assertion, which no caller can cause: its text is fixed, as it has nothing found to show. */
const asserts = ({ expression }) => ts.isNewExpression(expression) && expression.arguments?.[0] !== undefined && ts.isStringLiteral(expression.arguments[0])

/** Whether a declaration has a `throw` of its own; one that it catches does not leave it. */
const throws = (node) => (ts.isThrowStatement(node) && !asserts(node)) || (!ts.isTryStatement(node) && ts.forEachChild(node, throws) === true)

/** Whether a call answers an error as a value, where functions are curried the innermost. */
const mayBeLeft = (checker, type) => {
  const name = (type.aliasSymbol ?? type.symbol)?.name
  if (name === 'Either' || name === 'TaskEither') return true
  const [signature] = type.getCallSignatures()
  return signature !== undefined && mayBeLeft(checker, signature.getReturnType())
}

const problemOf = (checker, symbol, name) => {
  const comment = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim()
  if (comment === '') return 'has no doc comment'
  if (onlyRepeats(name, comment)) return `has a comment that only repeats its name: "${comment}"`
  const declaration = symbol.valueDeclaration
  if (declaration === undefined) return undefined
  if (ts.isVariableDeclaration(declaration) && throws(declaration) && !/\bthrows?\b/i.test(comment)) return 'throws, and its comment does not say what and when'
  return mayBeLeft(checker, checker.getTypeOfSymbol(symbol)) && !/`Left`/.test(comment) ? 'answers an error as a value, and its comment does not say when it is a `Left`' : undefined
}

const folders = ['packages', 'apps']
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
  .filter((folder) => existsSync(join(folder, 'package.json')))

/** The sources of a package's entry points. */
const entriesOf = (folder) =>
  Object.values(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).exports ?? {})
    .map((entry) => entry['@tabula/source'])
    .filter((source) => source !== undefined)
    .map((source) => join(folder, source))

const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root)
const entries = folders.flatMap(entriesOf)
const program = ts.createProgram(entries, { ...options, composite: false, noEmit: true, types: ['node'] })
const checker = program.getTypeChecker()

/** The symbols that a package declares and exports, under their exported names. What it passes on from another is that package's to explain. */
const exportedBy = (folder) =>
  entriesOf(folder)
    .flatMap((entry) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry))))
    .map((symbol) => [symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol, symbol.name])
    .filter(([{ declarations }]) => declarations !== undefined && !relative(folder, declarations[0].getSourceFile().fileName).startsWith('..'))

const exported = new Map(folders.flatMap(exportedBy))
const problems = [...exported].flatMap(([symbol, name]) => {
  const problem = problemOf(checker, symbol, name)
  if (problem === undefined) return []
  const file = symbol.declarations[0].getSourceFile()
  const { line } = file.getLineAndCharacterOfPosition(symbol.declarations[0].getStart())
  return [`${relative(root, file.fileName)}:${line + 1} ${name} ${problem}`]
})
problems.forEach((problem) => process.stdout.write(`${problem}\n`))
process.stdout.write(`doc comments: ${exported.size} exported names, ${problems.length} to be explained\n`)
process.exitCode = problems.length > 0 ? 1 : 0
