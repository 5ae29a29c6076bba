import type { Tensor } from '../../../../node.js'
import { mostFlatElements } from '../../engine/engine.js'
import type { Emitted } from '../../kernel/emitted.js'
import { settled } from '../../kernel/forms.js'
import type { Digit, Form } from '../../kernel/forms.js'
import { joinedDigits } from '../../kernel/joined.js'
import { writer } from '../../kernel/writer.js'
import type { Writer } from '../../kernel/writer.js'
import { dependsOn, partRounds, writeStart } from './addresses.js'
import type { Addresses, Start } from './addresses.js'
import { partsOfSum, plannedFor } from './loops.js'
import type { Sum } from './loops.js'
import { distributed, threadCount } from './threads.js'

/** An array, and the element of it that is read. */
export interface Read {
  readonly value: Tensor
  readonly form: Form
}

/** Accumulators, so that sums need not wait for one another. */
const accumulators = 4

/** Writes a contraction's loops over running addresses: adding to an address costs less than a product, and whole numbers less than f32. */
const writeLoops = (w: Writer, { loops, taps }: Sum, { starts, addresses }: Start): string => {
  const totals = Array.from({ length: accumulators }, () => w.name('t'))
  let term = 0
  const add = ([p, q]: Addresses): void => w.line(`${totals[term++ % accumulators] ?? ''} += a0[${p}] * a1[${q}];`)
  const stepsOf = ([p, q]: readonly [number, number]): Addresses => [w.whole('d', w.scalar(p)), w.whole('e', w.scalar(q))]
  const move = ([p, q]: Addresses, [d, e]: Addresses): void => w.line(`${p} += ${d}; ${q} += ${e};`)

  // What a step adds to the addresses is known before the loops.
  const [last] = loops.slice(-1)
  const steps = loops.map(({ strides }, level) => (level < loops.length - 1 || taps.length === 0 ? stepsOf(strides) : undefined))
  const reach = (operand: 0 | 1, from: number): number => taps.slice(from).reduce((sum, { size, strides }) => sum + (size - 1) * strides[operand], 0)
  /** From the last value of the taps after `level` to the next value of the tap there. */
  const tapSteps = taps.map(({ strides }, level) => stepsOf([strides[0] - reach(0, level + 1), strides[1] - reach(1, level + 1)]))
  const rewind = last === undefined || taps.length === 0 ? undefined : stepsOf([last.strides[0] - reach(0, 0), last.strides[1] - reach(1, 0)])
  totals.forEach((total) => w.line(`let ${total} = 0;`))

  const writeTaps = (at: Addresses, level: number): void => {
    const tap = taps[level]
    const step = tapSteps[level]
    if (tap === undefined || step === undefined) return add(at)
    for (let k = 0; k < tap.size; k++) {
      if (k > 0) move(at, step)
      writeTaps(at, level + 1)
    }
  }
  const bounds = loops.map((loop, level) => partRounds(w, loop, starts[level]))
  const repeat = (count: string, body: () => void): void => {
    const k = w.name('k')
    w.line(`for (let ${k} = 0; ${k} < ${count}; ${k}++) {`)
    body()
    w.line('}')
  }
  const writeLoop = (at: Addresses, level: number): void => {
    const loop = loops[level]
    if (loop === undefined) return writeTaps(at, 0)
    const bound = bounds[level]
    const innermost = level === loops.length - 1
    const step = steps[level]
    if (innermost && rewind !== undefined) {
      return repeat(bound ?? w.scalar(loop.size), () => {
        writeTaps(at, 0)
        move(at, rewind)
      })
    }
    if (step === undefined) return
    if (innermost) {
      const one = (): void => {
        add(at)
        move(at, step)
      }
      const fours = bound === undefined ? w.scalar(Math.floor(loop.size / 4)) : w.whole('n', `${bound} >> 2`)
      repeat(fours, () => {
        for (let k = 0; k < 4; k++) one()
      })
      return repeat(bound === undefined ? w.scalar(loop.size % 4) : `${bound} - ${fours} * 4`, one)
    }
    repeat(bound ?? w.scalar(loop.size), () => {
      const inside: Addresses = [w.whole('p', at[0]), w.whole('q', at[1])]
      writeLoop(inside, level + 1)
      move(at, step)
    })
  }
  writeLoop(addresses, 0)
  return totals.join(' + ')
}

/**
 * The kernel of a contraction of two arrays: threads in three dimensions, so that few indices are taken apart; addresses that run along with the
 * loops; windows written out, other sums by four. Long sums are left in parts, which are then the result's first axis. Sizes and
 * strides are scalars: the text depends on how many coordinates there are. `undefined` where an array is too large for one index.
 */
export const contractionKernel = (left: Read, right: Read, outer: readonly Digit[], inner: readonly Digit[], taps: readonly Digit[], elements: (value: Tensor) => number): Emitted | undefined => {
  if (elements(left.value) > mostFlatElements || elements(right.value) > mostFlatElements) return undefined
  const plain = [settled(left.form), settled(right.form)]
  const coordinates = joinedDigits(outer, plain, mostFlatElements)
  const threads = distributed(coordinates, plain)
  if (threads === undefined) return undefined
  // The operand that differs between neighbouring threads comes first.
  const ordered = [left, right].map(({ value, form }) => ({ value, form: settled(form) }))
  if (ordered[0] !== undefined && !dependsOn(ordered[0].form, threads.x)) ordered.reverse()
  const [a, b] = ordered
  if (a === undefined || b === undefined) return undefined
  const count = threadCount(coordinates)
  const folded = joinedDigits(inner, plain, mostFlatElements)
  const sum = plannedFor(folded, [a.form, b.form], taps, count, threadCount(threads.z))
  if (sum === undefined) return undefined

  const w = writer()
  const result = writeLoops(w, sum, writeStart(w, threads, sum, [a.form, b.form]))
  const total = partsOfSum(sum)
  return {
    kernel: w.kernel(2, count * total, result, [threadCount(threads.x), threadCount(threads.y), total * threadCount(threads.z)]),
    seats: [a.value, b.value],
    parts: total,
    partsFirst: true
  }
}
