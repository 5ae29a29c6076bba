/** What some random cases showed. */
export interface Shown {
  readonly cases: number
  /** The largest error of a number that was compared, relative to it. */
  readonly worst: number
  /** What is wrong, where something is; for derivatives a test that can be pasted. */
  readonly failure: string | undefined
}

/** Something that random cases may refute. */
export interface Check {
  readonly name: string
  /** Draws cases and tries them. The same seed draws the same. */
  readonly run: (seed: number, runs: number) => Shown
}

/** What became of a check in all rounds. */
export interface Row {
  readonly name: string
  readonly cases: number
  readonly worst: number
  /** The first failure, and the seed of the round in which it was found. */
  readonly failed: { readonly seed: number; readonly failure: string } | undefined
}

/** The seed of a round; that of the first is the seed itself, so that a round can be had again. */
export const seedOfRound = (seed: number, round: number): number => (seed + Math.imul(round, 0x9e3779b1)) >>> 0

/**
 * Runs the checks in rounds until the time is over: the first round whole, whatever the time, and of the others what is begun before. A check
 * that failed is not run again. `told` hears each failure at once.
 */
export const fuzz = (
  checks: readonly Check[],
  { seed, runs, over }: { readonly seed: number; readonly runs: number; readonly over: () => boolean },
  told: (row: Row) => void
): readonly Row[] => {
  const rows = new Map<string, Row>(checks.map(({ name }) => [name, { name, cases: 0, worst: 0, failed: undefined }]))
  for (let round = 0; round === 0 || !over(); round++) {
    const here = seedOfRound(seed, round)
    const left = checks.filter(({ name }) => rows.get(name)?.failed === undefined)
    if (left.length === 0) break
    for (const { name, run } of left) {
      if (round > 0 && over()) break
      const before = rows.get(name)
      const { cases, worst, failure } = run(here, runs)
      const row = {
        name,
        cases: (before?.cases ?? 0) + cases,
        worst: Math.max(before?.worst ?? 0, worst),
        failed: failure === undefined ? undefined : { seed: here, failure }
      }
      rows.set(name, row)
      if (failure !== undefined) told(row)
    }
  }
  return [...rows.values()]
}
