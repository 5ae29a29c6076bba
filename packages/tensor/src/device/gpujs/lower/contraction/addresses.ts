import { decodeWhole } from '../../kernel/writer.js'
import type { Writer } from '../../kernel/writer.js'
import type { Form } from '../../kernel/forms.js'
import { coefficientOf } from '../../kernel/joined.js'
import type { Joined } from '../../kernel/joined.js'
import type { Loop, Sum } from './loops.js'
import type { ThreadAxis, Threads } from './threads.js'

/** The addresses of both operands in text: variables that run along. */
export type Addresses = readonly [string, string]

/** Whether a form varies along an axis of threads. */
export const dependsOn = (form: Form, axis: ThreadAxis): boolean => axis.some(({ last }) => coefficientOf(form, last) !== 0)

/** Σ coordinate · stride, of text and numbers; a coordinate named `0` adds nothing. */
const linear = (w: Writer, base: number, terms: readonly (readonly [name: string, stride: number])[]): string =>
  [w.scalar(base), ...terms.map(([name, stride]) => `${name} * ${w.scalar(stride)}`)].join(' + ')

/** Where the loops of a sum begin for a thread. */
export interface Start {
  readonly addresses: Addresses
  /** For each loop, the first value of its coordinate where it is left in parts. */
  readonly starts: readonly (string | undefined)[]
}

/** Writes the taking apart of a thread's numbers, of which z counts the parts of the sum first, and the addresses that its loops start from. */
export const writeStart = (w: Writer, threads: Threads, sum: Sum, forms: readonly [Form, Form]): Start => {
  const parts = sum.loops.filter((loop) => loop.parts > 1)
  const names = new Map<Joined | Loop, string>()
  const takeApart = (thread: string, axis: readonly (Joined | Loop)[], sizes: readonly number[]): void => {
    decodeWhole(w, thread, sizes).forEach((name, k) => {
      const each = axis[k]
      if (each !== undefined) names.set(each, name)
    })
  }
  takeApart('this.thread.x', threads.x, threads.x.map(({ size }) => size))
  takeApart('this.thread.y', threads.y, threads.y.map(({ size }) => size))
  const deep = [...parts, ...threads.z]
  takeApart('this.thread.z', deep, deep.map((each) => ('parts' in each ? each.parts : each.size)))
  const starts = sum.loops.map((loop) => {
    const part = names.get(loop)
    return part === undefined ? undefined : w.whole('b', `${part} * ${w.scalar(loop.block)}`)
  })
  const address = (operand: 0 | 1, form: Form, prefix: string): string => {
    const along = (axis: ThreadAxis, thread: string, always: boolean): readonly (readonly [string, number])[] =>
      axis.length === 0 ? (always ? [[thread, 0]] : []) : axis.map((each) => [names.get(each) ?? thread, coefficientOf(form, each.last)])
    return w.whole(
      prefix,
      linear(w, form.base, [
        ...(dependsOn(form, threads.x) ? along(threads.x, 'this.thread.x', false) : []),
        ...along(threads.y, 'this.thread.y', true),
        ...(deep.length === 0 ? along([], 'this.thread.z', true) : along(threads.z, 'this.thread.z', false)),
        ...sum.loops.flatMap((loop, level) => (starts[level] === undefined ? [] : [[starts[level] ?? '0', loop.strides[operand]] as const]))
      ])
    )
  }
  return { addresses: [address(0, forms[0], 'p'), address(1, forms[1], 'q')], starts }
}

/** The rounds of a loop in text: all, or in the last part those that are left. `undefined` where the sum is whole. */
export const partRounds = (w: Writer, { size, block, parts }: Loop, start: string | undefined): string | undefined => {
  if (parts === 1 || start === undefined) return undefined
  const most = w.scalar(block)
  const left = w.whole('n', `${w.scalar(size)} - ${start}`)
  w.line(`if (${left} > ${most}) { ${left} = ${most} >> 0; }`)
  return left
}
