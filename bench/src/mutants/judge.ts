import { join } from 'node:path'
import { messageOf } from '@tabula/tensor'
import type { PrimitiveName } from '@tabula/tensor'
import type * as Kit from '@tabula/autodiff/testing'
import type { Kind } from './mutant.js'
import { modulesOf } from './modules.js'

/** A changed module and the rules that rest on it, one of which must be found wrong; without a change, rules as they are. */
export interface Case {
  readonly kind: Kind
  readonly rules: readonly string[]
  readonly changed?: { readonly file: string; readonly text: string }
}

/** How much of the kit is run. */
export interface Effort {
  /** Random instances of the primitive. */
  readonly runs: number
  readonly seed: number
}

/** What the kit says of a rule: nothing, or what it found, in one line. */
export type Verdict = { readonly found: undefined } | { readonly found: string }

/** The first line that says what is wrong. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

/** What the public kit finds wrong with a primitive's rule: the first random case that fails. */
const judgedRule = (kit: typeof Kit, kind: Kind, rule: string, { runs, seed }: Effort): Verdict => {
  // Rules are keyed by the primitives' names.
  const { failure } = kit.checkPrimitive(rule as PrimitiveName, { seed, runs, rules: [kind], shrink: false })
  return { found: failure === undefined ? undefined : firstLine(failure) }
}

/** Where several rules rest on what is changed, all are tried a little before any is tried in full. */
const judged = (kit: typeof Kit, { kind, rules }: Case, { runs, seed }: Effort): Verdict => {
  for (const some of rules.length > 1 ? [Math.min(6, runs), runs] : [runs]) {
    for (const rule of rules) {
      const { found } = judgedRule(kit, kind, rule, { runs: some, seed })
      if (found !== undefined) return { found: `${rule}: ${found}` }
    }
  }
  return { found: undefined }
}

/** Tries rules one after the other, with the modules of packages/autodiff/src held in memory. */
export const judgeOf = async (sources: string): Promise<(tried: Case, effort: Effort) => Verdict> => {
  const modules = await modulesOf(sources)
  const entry = join(sources, 'testing/index.ts')
  return (tried, effort) => {
    const { changed } = tried
    try {
      // The same module as the type says, evaluated from the same source.
      const kit = modules.evaluate(entry, changed === undefined ? undefined : { path: join(sources, changed.file), text: changed.text }) as typeof Kit
      return judged(kit, tried, effort)
    } catch (thrown) {
      return { found: firstLine(messageOf(thrown)) }
    }
  }
}
