import { availableParallelism } from 'node:os'
import { instances } from '@tabula/tensor/testing'
import { Misused, namesIn, optionsIn, wholeNumberIn } from '../command-line.js'
import { kinds } from './mutant.js'
import type { Kind } from './mutant.js'

/** What `npm run mutants` takes. */
export const usage = `npm run mutants [-- --kind vjp|jvp|vmap[,…] --rule NAME[,NAME…] --match TEXT --runs N --seed N --workers N --limit SECONDS --list]

Changes one expression of a differentiation or batching rule at a time, and lets the public kit, @tabula/autodiff/testing, find that
the rule is wrong. Prints a table of rules, the mutants that were not found, and at the end "N mutants, N killed".

--kind     the kinds of rules (all)
--rule     the primitives whose rules are changed (all)
--match    only mutants in whose id, as --list prints it, this text is found
--runs     random instances of the primitive that the kit may try for one mutant (60)
--seed     of the instances, directions and cotangents (20181121)
--workers  processes at once (as many as there are cores)
--limit    seconds after which a mutant counts as killed by its time (30)
--list     prints the mutants and runs none

Exit code 0: all killed. 1: some survived, the kit refuses a rule as it is, or a rule has too few mutants. 2: the command line is wrong.`

/** The command line as it was meant. */
export interface Options {
  readonly kinds: readonly Kind[]
  /** None: all. */
  readonly rules: readonly string[]
  /** Part of the ids; all have the empty text. */
  readonly match: string
  readonly runs: number
  readonly seed: number
  readonly workers: number
  readonly limit: number
  readonly list: boolean
}

/** Reads the arguments; `undefined` where help is asked for. Throws `Misused` where they are wrong. */
export const readOptions = (args: readonly string[]): Options | undefined => {
  const { kind, rule, match, runs, seed, workers, limit, list, help } = optionsIn(args, ['kind', 'rule', 'match', 'runs', 'seed', 'workers', 'limit'], ['list', 'help'])
  if (help === true) return undefined
  if (rule === '') throw new Misused('--rule: expected the name of a primitive')
  return {
    kinds: namesIn('kind', kind, kinds),
    rules: rule === undefined ? [] : namesIn('rule', rule, Object.keys(instances)),
    match: match ?? '',
    runs: wholeNumberIn('runs', runs, 60),
    seed: wholeNumberIn('seed', seed, 20181121, 0),
    workers: wholeNumberIn('workers', workers, availableParallelism()),
    limit: wholeNumberIn('limit', limit, 30),
    list: list === true
  }
}
