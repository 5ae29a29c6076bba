import { dirname, join, basename } from 'node:path'
import ts from 'typescript'
import type { Edit, Kind, Mutant, Operator } from './mutant.js'
import { editsOf, prelude, typesOf } from './operators/index.js'
import { indexOf } from './program.js'
import type { Compiler } from './program.js'
import { rulesOf, shortName } from './rules.js'
import type { Declared, Region, Rules } from './rules.js'

/** The mutants of one kind, and what was not made of it. */
export interface Made {
  readonly rules: Rules
  readonly mutants: readonly Mutant[]
  /** How many changes the compiler refuses; a mistake it finds is not one that a test must find. */
  readonly refused: number
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

interface Change {
  readonly source: ts.SourceFile
  readonly declaration: string
  readonly rules: readonly string[]
  readonly edit: Edit
}

/** A rule that says that nothing flows answers what it is given instead. */
const flowing: Readonly<Record<Kind, string>> = {
  vjp: '(application) => application.cotangents',
  jvp: '(application) => application.tangents',
  vmap: '(application) => application.inputs'
}

const changesOfRegion = ({ source, name, node, rules }: Region, types: ReturnType<typeof typesOf>): readonly Change[] => {
  const edits = editsOf(node, types)
  const none: readonly Edit[] = name === 'entry' || name === 'record' ? [{ operator: 'zero', start: node.getStart(), end: node.end, mutated: "'zero derivative'" }] : []
  return [...edits, ...none].map((edit) => ({ source, declaration: name, rules, edit }))
}

const changesOfDeclared = (kind: Kind, { rule, reason, source, node }: Declared): readonly Change[] => {
  if (reason !== 'zero derivative') return []
  const edit = (operator: Edit['operator'], mutated: string): Edit => ({ operator, start: node.getStart(), end: node.end, mutated })
  const passed = flowing[kind]
  const negated = passed.replace(/application\.\w+$/, '$&.map((t) => t === undefined ? undefined : $neg(t))')
  const twice = passed.replace(/application\.\w+$/, '$&.map((t) => t === undefined ? undefined : $add(t, t))')
  return [edit('zero', passed), edit('sign', negated), edit('off by one', twice)].map((one) => ({ source, declaration: 'record', rules: [rule], edit: one }))
}

const textWith = ({ source, edit: { start, end, mutated } }: Change): string => source.text.slice(0, start) + mutated + source.text.slice(end) + prelude

/** Which of the changed modules compile, each as a copy beside the module it is made from, all in one program. */
const compiling = ({ program }: Compiler, changes: readonly Change[]): readonly Change[] => {
  const copies = new Map(changes.map((change, index) => [join(dirname(change.source.fileName), `${basename(change.source.fileName, '.ts')}.mutant-${index}.ts`), change]))
  const built = program([...copies.keys()], new Map([...copies].map(([path, change]) => [path, textWith(change)])))
  return [...copies].flatMap(([path, change]) => {
    const file = built.getSourceFile(path)
    const broken = file === undefined || built.getSyntacticDiagnostics(file).length > 0 || built.getSemanticDiagnostics(file).length > 0
    return broken ? [] : [change]
  })
}

/** Changes that give the same module as an earlier one are left out, and those that change nothing. */
const different = (changes: readonly Change[]): readonly Change[] => {
  const seen = new Set<string>()
  return changes.filter((change) => {
    const { start, end, mutated } = change.edit
    const key = `${change.source.fileName}\n${textWith(change)}`
    return !seen.has(key) && mutated !== change.source.text.slice(start, end) && seen.add(key) !== undefined
  })
}

/** Where no one would doubt that the kit must find it, whatever the rule. */
const plain: readonly Operator[] = ['sign', 'zero', 'dropped term', 'swapped operands', 'missing transpose', 'wrong axis']

/**
 * A rule that is little more than its name in code that it shares, `neg: broadcasting('neg')`, has no three changes of its own. It is given
 * changes of the shared code, which its own instances alone must find: first of what the fewest rules share, one of each plain operator.
 */
const borrowed = (changes: readonly Change[], rule: string): readonly Change[] => {
  const own = changes.filter(({ rules }) => rules.length === 1 && rules[0] === rule).length
  const shared = changes.filter(({ rules }) => rules.length > 1 && rules.includes(rule)).sort((a, b) => a.rules.length - b.rules.length)
  const ofEach = plain.flatMap((operator) => shared.filter(({ edit }) => edit.operator === operator).slice(0, 1))
  return [...ofEach, ...shared.filter((change) => !ofEach.includes(change))].slice(0, Math.max(0, 3 - own)).map((change) => ({ ...change, rules: [rule] }))
}

const rowOf = ({ rules, declaration }: Change): string => (rules.length === 1 ? (rules[0] ?? '') : `${declaration}, shared`)

/**
 * All mutants of the rules of a kind; `undefined` where the package has none of that kind. Where some rules are named, only mutants that are
 * theirs. Throws where the folder has no record of rules.
 */
export const mutantsOf = (compiler: Compiler, kind: Kind, only: readonly string[] = []): Made | undefined => {
  const index = indexOf(compiler.sources, kind)
  if (index === undefined) return undefined
  const program = compiler.program([index])
  const source = program.getSourceFile(index)
  if (source === undefined) throw new Error(`${index}: cannot be read`)
  const rules = rulesOf(kind, program, source)
  const types = typesOf(program.getTypeChecker())
  const changes = different([
    ...rules.regions.flatMap((region) => changesOfRegion(region, types)),
    ...rules.declared.flatMap((declared) => changesOfDeclared(kind, declared))
  ]).filter((change) => only.length === 0 || change.rules.some((rule) => only.includes(rule)))
  const compiled = compiling(compiler, changes)
  const wanted = only.length === 0 ? rules.names : only
  const charged = [...compiled, ...wanted.flatMap((rule) => borrowed(compiled, rule))]
  const counts = new Map<string, number>()
  const named = (id: string): string => {
    const count = (counts.get(id) ?? 0) + 1
    counts.set(id, count)
    return count === 1 ? id : `${id} (${count})`
  }
  const mutants = charged.map((change): Mutant => {
    const { start, end, operator, mutated } = change.edit
    const file = shortName(compiler.sources, change.source)
    const row = rowOf(change)
    const original = oneLine(change.source.text.slice(start, end))
    return {
      id: named(`${kind} ${row}, ${file} ${change.declaration}, ${operator}: ${original} → ${oneLine(mutated)}`),
      kind,
      row,
      rules: change.rules,
      file,
      line: change.source.getLineAndCharacterOfPosition(start).line + 1,
      operator,
      original,
      mutated: oneLine(mutated),
      text: textWith(change)
    }
  })
  return { rules, mutants, refused: changes.length - compiled.length }
}
