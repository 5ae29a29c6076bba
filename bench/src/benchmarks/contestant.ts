/** A workload made ready by one contestant. */
export interface Prepared {
  /** The sum of magnitudes of each result, so that contestants are seen to compute the same. */
  readonly digest: readonly number[]
  /** Milliseconds of one run. */
  readonly run: () => Promise<number>
}

/** Somebody who computes workloads: Tabula, or a rival. */
export interface Contestant<Task> {
  /** With its version. */
  readonly name: string
  /** `undefined` where it lacks the operation. Rejects where it fails. */
  readonly prepare: (name: string, task: Task) => Promise<Prepared | undefined>
  readonly close: () => void
}

/** The sum of magnitudes. */
export const sumOfMagnitudes = (data: ArrayLike<number>): number => {
  let sum = 0
  for (let index = 0; index < data.length; index++) sum += Math.abs(data[index] ?? 0)
  return sum
}

const median = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN

/** How long contestants are measured together. */
export interface Effort {
  readonly warmUps: number
  readonly least: number
  readonly most: number
  /** Rounds stop after this long, once there are `least`. */
  readonly milliseconds: number
  /** How long a turn lasts at least; one run where it is left out. */
  readonly turn?: number
}

export const usualEffort: Effort = { warmUps: 3, least: 5, most: 25, milliseconds: 6000, turn: 30 }

/**
 * Median milliseconds of each, in rounds in which they take turns. Whoever is quick runs again until his turn has lasted `turn`
 * milliseconds, so that operations of less than a millisecond are timed with warm caches and compiled code on every side.
 */
export const interleaved = async (
  contestants: readonly Prepared[],
  { warmUps, least, most, milliseconds, turn = 0 }: Effort = usualEffort
): Promise<readonly number[]> => {
  for (let round = 0; round < warmUps; round++) for (const { run } of contestants) await run()
  const times = contestants.map((): number[] => [])
  const until = performance.now() + milliseconds
  for (let round = 0; round < least || (round < most && performance.now() < until); round++) {
    for (const [index, { run }] of contestants.entries()) {
      const over = performance.now() + turn
      do times[index]?.push(await run())
      while (performance.now() < over)
    }
  }
  return times.map(median)
}
