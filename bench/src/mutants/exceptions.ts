import type { Kind } from './mutant.js'

/** Mutants that compute what the rule computes, by their ids, each with the reason. They are neither made nor counted. */
export const equivalent: Readonly<Record<string, string>> = {}

/** Why a record's entry that is no rule has no mutants. */
const reasons: Readonly<Record<string, string>> = {
  'no operands': 'it has no operands, so no derivative reaches it, whatever the entry says',
  'integer results': 'its results are integers or truth values, which have neither tangents nor cotangents, so nothing reads the entry',
  'host function': 'a way through a function in the host\'s memory is refused before any rule is asked'
}

/** Rules with fewer than three mutants, and why there are no more. */
const few: Readonly<Record<string, string>> = {}

/** Why a rule has fewer than three mutants; `undefined` where there is no reason. `declared` is what the record says in a rule's place. */
export const reasonForFew = (kind: Kind, rule: string, declared: string | undefined): string | undefined =>
  few[`${kind} ${rule}`] ?? (declared === undefined ? undefined : reasons[declared])

/** The largest part of all mutants that may be equivalent. */
export const equivalentAtMost = 0.02
