/** Runs tasks so that at most `count` are under way at a time, in the order in which they come. */
export const limit = (count: number): (<A>(task: () => Promise<A>) => Promise<A>) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running < count) running++
    // Whoever finishes hands its place on, so `running` stays.
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
