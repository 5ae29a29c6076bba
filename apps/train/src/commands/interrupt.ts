/** Signals that ask a training to stop. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Signals that come together are one: a terminal sends Ctrl-C to all processes of a command, and npm and the launcher pass theirs on. */
const together = 150

/** What stops a training with a checkpoint. */
export interface Interrupts {
  /** From now on the first Ctrl-C (or SIGTERM, SIGHUP) aborts the signal, and the second ends the process at once. Before, the first does. */
  readonly listen: () => AbortSignal
  /** Stops a training as Ctrl-C does; ends the process where there is none, with this exit code. */
  readonly stop: (exitCode: number) => void
}

/** Interrupts of this process. */
export const interrupts = (): Interrupts => {
  const controller = new AbortController()
  let [listening, latest] = [false, -Infinity]
  const onSignal = (): void => {
    const now = performance.now()
    const repeated = now - latest < together
    latest = now
    if (repeated) return
    if (controller.signal.aborted) process.exit(130)
    process.stderr.write('\nStopping after this step; once more to stop at once, without a checkpoint.\n')
    controller.abort()
  }
  return {
    listen: () => {
      if (!listening) for (const signal of signals) process.on(signal, onSignal)
      listening = true
      return controller.signal
    },
    stop: (exitCode) => {
      if (!listening) process.exit(exitCode)
      controller.abort()
    }
  }
}
