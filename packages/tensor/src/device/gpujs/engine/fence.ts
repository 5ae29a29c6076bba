/** What of a WebGL2 context says when all that was drawn is done; contexts of WebGL 1 lack it. */
export interface FencedContext {
  readonly isContextLost: () => boolean
  readonly fenceSync?: (condition: number, flags: number) => unknown
  readonly clientWaitSync?: (fence: unknown, flags: number, timeout: number) => number
  readonly deleteSync?: (fence: unknown) => void
  readonly flush: () => void
}

const commandsComplete = 0x9117
const timeoutExpired = 0x911b

/** Whether the page is hidden, whose timers go once a second at most. */
const hidden = (): boolean => {
  // This package is not compiled for a page, and in a worker there is no document.
  const { document } = globalThis as { readonly document?: { readonly visibilityState?: string } }
  return document?.visibilityState === 'hidden'
}

/**
 * Resolves when all that was drawn is done, or the context lost, while the event loop has its turns: a read would wait for it without. Where a wait
 * takes no turns it resolves at once.
 */
export const drawn = async (gl: FencedContext): Promise<void> => {
  if (gl.fenceSync === undefined || gl.clientWaitSync === undefined || hidden()) return
  const fence = gl.fenceSync(commandsComplete, 0)
  if (fence === null) return
  gl.flush()
  // The answer changes between turns of the event loop alone.
  while (!gl.isContextLost() && gl.clientWaitSync(fence, 0, 0) === timeoutExpired) await new Promise((resolve) => setTimeout(resolve, 0))
  gl.deleteSync?.(fence)
}
