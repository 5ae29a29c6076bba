/** A signal that the first Ctrl-C (or SIGTERM) aborts; the second ends the process at once. */
export const signalOf = (): { readonly signal: AbortSignal; readonly interrupted: () => boolean } => {
  const controller = new AbortController()
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130)
    process.stderr.write('\nStopping after this step; once more to stop at once, without a checkpoint.\n')
    controller.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return { signal: controller.signal, interrupted: () => controller.signal.aborted }
}
