import { messageOf } from '@tabula/tensor'
import type { Case, Contestant, Derivative } from './case.js'
import type { Expected } from './expected.js'
import { directionOf } from './numbers.js'

/** What became of one derivative in one library. */
export type Verdict =
  | { readonly _tag: 'right'; readonly error: number }
  | { readonly _tag: 'wrong'; readonly note: string }
  | { readonly _tag: 'throws'; readonly note: string }
  /** The library has no such operation. */
  | { readonly _tag: 'none' }

/** Largest difference that counts as right, relative to the largest derivative: single precision, through two derivatives. */
export const tolerance = 2e-3

const short = (x: number): string => String(Number(x.toPrecision(4)))

const largest = (parts: readonly (readonly number[])[]): number => parts.flat().reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** ⟨found, v⟩, where a case is compared along its direction alone. */
const contracted = (c: Case, derivative: Derivative, found: readonly (readonly number[])[]): readonly (readonly number[])[] => {
  if (c.along === undefined || derivative === 'jvp') return found
  const v = directionOf(c)
  return [[found.reduce((sum, part, k) => sum + part.reduce((s, x, j) => s + x * (v[k]?.[j] ?? 0), 0), 0)]]
}

const compared = (c: Case, derivative: Derivative, expected: readonly (readonly number[])[], answered: readonly (readonly number[])[]): Verdict => {
  const found = contracted(c, derivative, answered)
  const scale = Math.max(largest(expected), 1e-2)
  const errors = expected.flatMap((part, argument) => part.map((x, element) => ({ argument, element, expected: x, found: found[argument]?.[element] ?? NaN })))
  const off = ({ expected, found }: (typeof errors)[number]): number => (Number.isNaN(found) ? Infinity : Math.abs(found - expected) / scale)
  const worst = errors.reduce((most, one) => (off(one) > off(most) ? one : most), errors[0] ?? { argument: 0, element: 0, expected: NaN, found: NaN })
  if (found.length !== expected.length || found.some((part, k) => part.length !== expected[k]?.length)) {
    return { _tag: 'wrong', note: `answers ${found.map((part) => part.length).join(' and ')} numbers where ${expected.map((part) => part.length).join(' and ')} are due` }
  }
  if (off(worst) <= tolerance) return { _tag: 'right', error: off(worst) }
  const where = derivative === 'jvp' || c.along !== undefined ? 'along the direction' : `argument ${worst.argument}, element ${worst.element}`
  const wrong = errors.filter((one) => off(one) > tolerance).length
  const zero = largest(found) === 0 ? 'all zero; ' : ''
  return { _tag: 'wrong', note: `${zero}${where}: ${short(worst.found)} instead of ${short(worst.expected)}${wrong > 1 ? ` (${wrong} of ${errors.length} elements are off)` : ''}` }
}

/** The first line of what was thrown, without what changes from run to run. */
const thrownNote = (thrown: unknown): string => (messageOf(thrown).split('\n')[0] ?? '').slice(0, 400)

const attempt = async (f: () => Promise<Verdict>): Promise<Verdict> => {
  try {
    return await f()
  } catch (thrown) {
    return { _tag: 'throws', note: thrownNote(thrown) }
  }
}

/** What becomes of each derivative that a library offers. Where it computes another function than the case's, all are wrong. */
export const judge = async (contestant: Contestant, c: Case, expected: Expected): Promise<Partial<Record<Derivative, Verdict>>> => {
  if (!contestant.has(c)) return Object.fromEntries(contestant.derivatives.map((derivative) => [derivative, { _tag: 'none' }]))
  const value = await attempt(async () => {
    const found = await contestant.value(c)
    return Math.abs(found - expected.value) <= 1e-3 * Math.max(1, Math.abs(expected.value))
      ? { _tag: 'right', error: 0 }
      : { _tag: 'wrong', note: `the value itself: ${short(found)} instead of ${short(expected.value)}` }
  })
  const verdicts: Partial<Record<Derivative, Verdict>> = {}
  for (const derivative of contestant.derivatives) {
    verdicts[derivative] = value._tag === 'right' ? await attempt(async () => compared(c, derivative, expected.derivatives[derivative], await contestant.derive(c, derivative))) : value
  }
  return verdicts
}
