import { program } from './cli.js'
import { interrupts } from './commands/interrupt.js'

/** The command line. Exit codes: 0 done, 1 failed, 2 input to be corrected, 130 interrupted (a training, with a checkpoint). */
const { listen, stop } = interrupts()
// Without the launcher that started it, nobody could stop this process; what it writes is whole at every moment.
process.on('disconnect', () => process.exit(129))
process.channel?.unref()

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined)
let silent = false
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    // A reader such as `head` that has enough closes the pipe: that is no mistake.
    const closed = ['EPIPE', 'ERR_STREAM_DESTROYED'].includes(String(codeOf(error)))
    if (!closed && !silent && stream === process.stdout) process.stderr.write(`tabula: standard output could not be written: ${error.message}\n`)
    silent = true
    stop(closed ? 0 : 1)
  })
}

process.exitCode = await program({
  argv: process.argv.slice(2),
  stdout: { write: (text) => process.stdout.write(text), interactive: process.stdout.isTTY === true && process.stderr.isTTY === true },
  stderr: (text) => process.stderr.write(text),
  listen
})
// Engines keep threads that would hold the process open.
if (process.stdout.writableLength === 0 || process.stdout.destroyed) process.exit()
process.stdout.once('drain', () => process.exit())
process.stdout.once('close', () => process.exit())
