import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandLine } from '../command-line.js'
import { equivalent, equivalentAtMost, reasonForFew } from './exceptions.js'
import { mutantsOf } from './make.js'
import type { Made } from './make.js'
import { kinds } from './mutant.js'
import { readOptions, usage } from './options.js'
import { runAll } from './pool.js'
import type { Outcome } from './pool.js'
import { compilerFor } from './program.js'
import { survivorText, tableOf } from './table.js'
import type { Row, Tried } from './table.js'

const repository = resolve(fileURLToPath(import.meta.url), '../../../..')
const sources = join(repository, 'packages/autodiff/src')
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const options = commandLine(usage, readOptions)
const { seed, runs, workers } = options
const pool = { workers, runs, seed, limit: 1000 * options.limit, sources }

const compiler = compilerFor(repository, sources)
const made = options.kinds.flatMap((kind): readonly Made[] => {
  const found = mutantsOf(compiler, kind, options.rules)
  if (found === undefined) say(`${kind}: the package has no rules of this kind`)
  return found === undefined ? [] : [{ ...found, mutants: found.mutants.filter(({ id }) => id.includes(options.match)) }]
})
const all = made.flatMap(({ mutants }) => mutants)
const mutants = all.filter(({ id }) => equivalent[id] === undefined)
const left = all.length - mutants.length
say(`${all.length} mutants of ${made.reduce((sum, { rules }) => sum + rules.names.length, 0)} rules; ${made.reduce((sum, { refused }) => sum + refused, 0)} more do not compile; ${left} are left out as equivalent`)

if (options.list) {
  for (const { id, file, line } of all) say(`packages/autodiff/src/${file}:${line} ${id}${equivalent[id] === undefined ? '' : `\n  equivalent: ${equivalent[id]}`}`)
  process.exit(0)
}

/** Whether no mutant was left out by the command line. */
const whole = options.rules.length === 0 && options.match === ''
let failures = 0
const fail = (text: string): void => {
  failures += 1
  say(text)
}

/** The kit must have nothing to say of the rules as they are, by the same instances. */
const unchanged = [...new Map(mutants.flatMap(({ kind, rules }) => rules.map((rule) => [`${kind} ${rule}`, { kind, rules: [rule] }] as const))).entries()]
await runAll(unchanged.map(([, tried]) => tried), { ...pool, limit: 10 * pool.limit }, (index, outcome) => {
  if (outcome.end !== 'nothing') fail(`UNCHANGED ${unchanged[index]?.[0] ?? ''}: ${'what' in outcome ? outcome.what : 'ran for too long'}`)
})

const outcomes = new Map<string, Outcome>()
const started = Date.now()
await runAll(
  mutants.map(({ kind, rules, file, text }) => ({ kind, rules, changed: { file, text } })),
  pool,
  (index, outcome) => {
    const mutant = mutants[index]
    if (mutant === undefined) return
    outcomes.set(mutant.id, outcome)
    if (outcome.end === 'nothing') say(survivorText(mutant, seed))
    if (outcomes.size % 200 === 0) say(`${outcomes.size} of ${mutants.length}, ${Math.round((Date.now() - started) / 1000)} s`)
  }
)
const tried: readonly Tried[] = mutants.flatMap((mutant) => {
  const outcome = outcomes.get(mutant.id)
  return outcome === undefined ? [] : [{ mutant, outcome }]
})
const killed = tried.filter(({ outcome }) => outcome.end !== 'nothing')

const rowOf = ({ rules: { kind, declared }, mutants: ofKind }: Made, name: string, isRule: boolean): Row => {
  const mine = ofKind.filter(({ row }) => row === name)
  const ended = tried.filter(({ mutant }) => mutant.kind === kind && mutant.row === name)
  const survived = ended.filter(({ outcome }) => outcome.end === 'nothing').length
  const counted = mine.filter(({ id }) => equivalent[id] === undefined).length
  const few = isRule && counted < 3 && options.match === ''
  const reason = few ? reasonForFew(kind, name, declared.find(({ rule }) => rule === name)?.reason) : undefined
  if (few && reason === undefined) fail(`${kind} ${name} has ${counted} mutants and no reason is stated`)
  return {
    kind,
    name,
    made: counted,
    killed: ended.length - survived,
    timeouts: ended.filter(({ outcome }) => outcome.end === 'timeout').length,
    survived,
    equivalent: mine.length - counted,
    reason
  }
}
const rows = made.flatMap((one) => {
  const rules = one.rules.names.filter((rule) => options.rules.length === 0 || options.rules.includes(rule))
  const shared = [...new Set(one.mutants.filter((mutant) => mutant.rules.length > 1).map(({ row }) => row))]
  return [...rules.map((rule) => rowOf(one, rule, true)), ...shared.map((row) => rowOf(one, row, false))]
})
if (whole) {
  const known = new Set(all.map(({ id }) => id))
  for (const id of Object.keys(equivalent)) if (options.kinds.some((kind) => id.startsWith(`${kind} `)) && !known.has(id)) fail(`UNKNOWN ${id}: listed as equivalent, but there is no such mutant`)
}
if (whole && options.kinds.length === kinds.length && left > equivalentAtMost * all.length) fail(`${left} of ${all.length} mutants are left out as equivalent, more than ${100 * equivalentAtMost} %`)
say(tableOf(rows))
say(`seed ${seed}, ${runs} instances, ${Math.round((Date.now() - started) / 1000)} s`)
say(`${mutants.length} mutants, ${killed.length} killed`)
process.exit(failures > 0 || killed.length < mutants.length ? 1 : 0)
