/** A clock that never goes back, in milliseconds; the same in Node and in browsers. */
export const now = (): number => globalThis.performance.now()

/** Milliseconds of uninterrupted work after which the event loop has its turn. */
const longestStretch = 50

/** Turns of the event loop between stretches of synchronous work, so that signals, messages and timers are heard. */
export const breathing = (): { readonly due: () => boolean; readonly take: () => Promise<void> } => {
  let last = now()
  return {
    due: () => now() - last > longestStretch,
    take: () =>
      new Promise((resolve) => {
        setTimeout(() => {
          last = now()
          resolve()
        }, 0)
      })
  }
}
