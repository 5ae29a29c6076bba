import { namesIn, optionsIn, positiveNumberIn, wholeNumberIn } from '../command-line.js'

/** What `npm run test:fuzz` takes. */
export const usage = `npm run test:fuzz -- [--minutes N] [--seed S] [--only NAME[,NAME…]] [--runs N]

Lets the kit, @tabula/autodiff/testing, try random cases of every primitive's rules for --minutes (1), and at least one round of all
checks. The seed comes first, random where none is given; the table says how many cases each check had and its worst relative error.
A failure is printed as a test, with the command that finds it again.

--minutes  how long (1)
--seed     a whole number: the cases of a former run
--only     these checks alone
--runs     cases of each check in a round (10)

Ends with "N passed, N failed". Exit code 0: all passed. 1: some failed. 2: the command line is wrong.`

/** The command line as it was meant. */
export interface Options {
  readonly minutes: number
  readonly seed: number
  readonly only: readonly string[]
  readonly runs: number
}

/** Reads the arguments, with the seed that is drawn where none is given; `undefined` where help is asked for. Throws `Misused` where they are wrong. */
export const readOptions = (args: readonly string[], names: readonly string[], drawn: number): Options | undefined => {
  const { minutes, seed, only, runs, help } = optionsIn(args, ['minutes', 'seed', 'only', 'runs'], ['help'])
  if (help === true) return undefined
  return {
    minutes: positiveNumberIn('minutes', minutes, 1),
    seed: wholeNumberIn('seed', seed, drawn, 0) >>> 0,
    only: namesIn('only', only, names),
    runs: wholeNumberIn('runs', runs, 10)
  }
}
