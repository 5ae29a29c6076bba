import { randomInt } from 'node:crypto'
import { commandLine } from '../command-line.js'
import { fuzz } from './check.js'
import type { Row } from './check.js'
import { checks } from './checks.js'
import { readOptions, usage } from './options.js'

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const names = checks.map(({ name }) => name)
const { minutes, seed, only, runs } = commandLine(usage, (args) => readOptions(args, names, randomInt(2 ** 31)))
say(`seed ${seed}`)

const deadline = Date.now() + 60_000 * minutes
const again = ({ name, failed }: Row): string => `npm run test:fuzz -- --seed ${failed?.seed ?? seed} --only ${name} --runs ${runs} --minutes 0.01`
const rows = fuzz(
  checks.filter(({ name }) => only.includes(name)),
  { seed, runs, over: () => Date.now() >= deadline },
  (row) => say(`\nFAILED ${row.name}\n${row.failed?.failure ?? ''}\nagain: ${again(row)}\n`)
)

const width = Math.max(5, ...rows.map(({ name }) => name.length))
say(`${'check'.padEnd(width)}  ${'cases'.padStart(7)}  worst relative error`)
for (const { name, cases, worst, failed } of rows) say(`${name.padEnd(width)}  ${String(cases).padStart(7)}  ${worst.toExponential(1)}${failed === undefined ? '' : `  FAILED, seed ${failed.seed}`}`)
const failed = rows.filter((row) => row.failed !== undefined)
if (failed.length > 0) say(failed.map(again).join('\n'))
say(`seed ${seed}, ${rows.reduce((sum, { cases }) => sum + cases, 0)} cases`)
say(`${rows.length - failed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length > 0 ? 1 : 0
