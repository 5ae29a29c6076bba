import { program } from './cli.js'
import { signalOf } from './commands/interrupt.js'

/** The command line. Exit codes: 0 done, 1 failed, 2 input to be corrected, 130 interrupted (with a checkpoint). */
const { signal, interrupted } = signalOf()
process.exitCode = await program({
  argv: process.argv.slice(2),
  stdout: { write: (text) => process.stdout.write(text), interactive: process.stdout.isTTY === true && process.stderr.isTTY === true },
  stderr: (text) => process.stderr.write(text),
  signal
})
if (interrupted() && process.exitCode === 0) process.exitCode = 130
// Engines keep threads that would hold the process open.
if (process.stdout.writableLength === 0) process.exit()
process.stdout.once('drain', () => process.exit())
