import type { Case, Contestant, Derivative } from './case.js'
import { groups } from './cases/cases.js'
import { loadJax } from './contestants/jax.js'
import { expectedOf } from './expected.js'
import { judge } from './judge.js'
import type { Verdict } from './judge.js'

/** What became of one case in each library, in the order of the contestants. */
export interface Row {
  readonly group: string
  readonly name: string
  readonly verdicts: readonly Partial<Record<Derivative, Verdict>>[]
}

/** All cases by group, with those alone whose name `wanted` accepts. */
export const casesOf = async (wanted: (name: string) => boolean = () => true): Promise<readonly { readonly group: string; readonly c: Case }[]> => {
  const jax = await loadJax()
  return Object.entries(groups).flatMap(([group, cases]) => cases(jax).flatMap((c) => (wanted(c.name) ? [{ group, c }] : [])))
}

/** Asks every contestant for every derivative of every case. */
export const compareGradients = async (contestants: readonly Contestant[], cases: Awaited<ReturnType<typeof casesOf>>): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const { group, c } of cases) {
    const expected = expectedOf(c)
    const verdicts: Partial<Record<Derivative, Verdict>>[] = []
    for (const contestant of contestants) verdicts.push(await judge(contestant, c, expected))
    rows.push({ group, name: c.name, verdicts })
  }
  return rows
}
