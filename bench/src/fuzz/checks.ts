import { messageOf } from '@tabula/tensor'
import { batchingRules, jvpRules, vjpRules } from '@tabula/autodiff'
import { checkPrimitive, checkPrograms } from '@tabula/autodiff/testing'
import type { Check, Shown } from './check.js'

/** What `show` finds; where it throws, that is the failure. */
const caught = (show: () => Shown): Shown => {
  try {
    return show()
  } catch (thrown) {
    return { cases: 0, worst: 0, failure: messageOf(thrown) }
  }
}

/** Primitives of which some rule does something. */
const primitives = Object.keys(vjpRules).filter((name) => [vjpRules, jvpRules, batchingRules].some((record) => typeof Object.entries(record).find(([key]) => key === name)?.[1] !== 'string')) as readonly (keyof typeof vjpRules)[]

const rules: readonly Check[] = primitives.map((primitive) => ({
  name: primitive,
  run: (seed, runs) =>
    caught(() => {
      const { cases, batches, worst, failure } = checkPrimitive(primitive, { seed, runs })
      return { cases: cases + batches, worst, failure }
    })
}))

/** All that the kit can try by chance: every primitive's rules, and how they are put together in random programs. */
export const checks: readonly Check[] = [...rules, { name: 'programs', run: (seed, runs) => caught(() => checkPrograms({ seed, runs })) }]
