import { join } from 'node:path'
import fc from 'fast-check'
import { either as E } from 'fp-ts'
import { messageOf } from '@tabula/tensor'
import type { HostValue, Tensor } from '@tabula/tensor'
import type * as Kit from '@tabula/autodiff/testing'
import type { Kind } from './mutant.js'
import { modulesOf } from './modules.js'

/** A changed module and the rule to be tried; without a change, the rule as it is. */
export interface Case {
  readonly kind: Kind
  readonly rule: string
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

const isArbitrary = (entry: unknown): entry is fc.Arbitrary<Kit.Instance> => typeof entry === 'object' && entry !== null

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

/** What the public kit finds wrong with a primitive: the first instance whose derivatives, of first and then of second order, differ. */
const judged = (kit: typeof Kit, { rule }: Case, { runs, seed }: Effort): Verdict => {
  const entry = Object.entries(kit.differentiableInstances).find(([name]) => name === rule)?.[1]
  if (!isArbitrary(entry)) return { found: undefined }
  const samples = fc.sample(entry, { numRuns: runs, seed })
  for (const order of [1, 2]) {
    for (const [index, { variables, apply }] of samples.entries()) {
      try {
        // The instance takes as many tensors as it has values.
        const outcome = kit.checkGradients<readonly HostValue[]>((args) => apply(args as readonly Tensor[]), { at: variables, order, seed: seed + index })
        if (E.isLeft(outcome)) return { found: firstLine(outcome.left.message) }
      } catch (thrown) {
        return { found: firstLine(messageOf(thrown)) }
      }
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
