import type { Tensor } from '../../../node.js'
import { mostFlatElements, mostSeats } from '../engine/engine.js'
import type { KernelSource } from '../engine/engine.js'
import type { Emitted } from '../kernel/emitted.js'
import { settled } from '../kernel/forms.js'
import type { Digit, Form } from '../kernel/forms.js'
import { joinedDigits } from '../kernel/joined.js'
import type { Joined } from '../kernel/joined.js'
import { addressOf, decodeThread, elementAt, plainIndex, writer } from '../kernel/writer.js'
import type { IndexTerm, Writer } from '../kernel/writer.js'
import { mostTerms, mostTermsOfPart } from '../lower/limits.js'
import { real } from '../lower/custom.js'
import type { Term } from './term.js'

/** Thrown where one kernel cannot hold a computation; the fuser then computes an operand before. */
export class TooWide extends Error {
  override readonly name = 'TooWide'
}

const formsOf = (term: Term, found: Form[], seen: Set<Term>): void => {
  if (seen.has(term)) return
  seen.add(term)
  const computed = (form: Form): void => {
    found.push(form)
    // A computed coordinate is a term of its own.
    settled(form).terms.forEach((_, { computed: inner }) => inner !== undefined && formsOf(inner as Term, found, seen))
  }
  switch (term._tag) {
    case 'read':
    case 'position':
      return computed(term.form)
    case 'apply':
      return term.operands.forEach((operand) => formsOf(operand, found, seen))
    case 'within':
      term.ranges.forEach(({ form }) => computed(form))
      formsOf(term.inside, found, seen)
      return formsOf(term.outside, found, seen)
    case 'index':
      return formsOf(term.term, found, seen)
    case 'number':
  }
}

/** How a kernel folds what it computes along its inner coordinates. */
export interface Fold {
  readonly digits: readonly Digit[]
  readonly combine: 'sum' | 'max'
}

interface Names {
  readonly w: Writer
  /** The variables that a coordinate is the sum of, each times its stride. */
  readonly nameOf: (coordinate: Digit) => readonly IndexTerm[] | undefined
  readonly seatOf: (value: Tensor) => number
  readonly elements: (value: Tensor) => number
  readonly threads: number
}

/** One order for the parts of an index, whatever views it went through, so that one text serves them. */
const byName = (a: IndexTerm, b: IndexTerm): number => a.name.length - b.name.length || (a.name < b.name ? -1 : 1)

/** The only thread's number, which is 0: a text that reads its one element there serves values of any size, too. */
const onlyThread: readonly IndexTerm[] = [{ name: 'i', size: 1, stride: 1 }]

/** Writes terms and answers their names. */
const writtenAll = (terms: readonly Term[], { w, nameOf, seatOf, elements, threads }: Names): readonly string[] => {
  const known = new Map<string, string>()
  const termsIn = (form: Form, guard: string | undefined): readonly IndexTerm[] =>
    [...settled(form).terms]
      .flatMap(([coordinate, stride]): IndexTerm[] => {
        if (coordinate.computed !== undefined) {
          // Made by the resolution of a gather.
          return [{ name: write(coordinate.computed as Term, guard), size: coordinate.size, stride }]
        }
        return (nameOf(coordinate) ?? []).map((term) => ({ ...term, stride: term.stride * stride }))
      })
      .sort(byName)
  const memo = new Map<Term, Map<string, string>>()
  const write = (current: Term, guard: string | undefined): string => {
    const own = memo.get(current) ?? new Map<string, string>()
    memo.set(current, own)
    const before = own.get(guard ?? '')
    if (before !== undefined) return before
    const name = fresh(current, guard)
    own.set(guard ?? '', name)
    return name
  }
  /** A name for an expression, the same for the same one: what is written once needs no other text where it is used twice. */
  const define = (expression: string): string => (/^v\d+$/.test(expression) ? expression : once(expression, () => w.constant(expression)))
  const once = (key: string, make: () => string): string => {
    const found = known.get(key) ?? make()
    known.set(key, found)
    return found
  }
  const fresh = (current: Term, guard: string | undefined): string => {
    switch (current._tag) {
      case 'number':
        return define(w.number(current.value))
      case 'position': {
        const terms = termsIn(current.form, guard)
        return once(`p${guard ?? ''}|${settled(current.form).base}|${terms.map(({ name, stride }) => `${name}*${stride}`).join('+')}`, () => w.constant(plainIndex(w, settled(current.form).base, terms)))
      }
      case 'read': {
        const { base } = settled(current.form)
        const some = termsIn(current.form, guard)
        const terms = threads === 1 && some.length === 0 && base === 0 ? onlyThread : some
        const seat = seatOf(current.value)
        return once(`a${seat}|${guard ?? ''}|${base}|${terms.map(({ name, stride }) => `${name}*${stride}`).join('+')}`, () =>
          w.constant(elementAt(seat, addressOf(w, elements(current.value), base, terms), guard))
        )
      }
      case 'apply':
        return define(current.apply.text(current.operands.map((operand) => write(operand, guard)), define))
      case 'index': {
        const index = write(current.term, guard)
        return define(`Math.min(Math.max(${index}, 0), ${w.scalar(current.size - 1)})`)
      }
      case 'within': {
        const tests = current.ranges.map(({ form, low, high }) => {
          const position = fresh({ _tag: 'position', form }, guard)
          return `${position} >= ${w.number(low)} && ${position} < ${w.scalar(high)}`
        })
        const test = define(`${tests.join(' && ')} ? 1 : 0`)
        const inner = guard === undefined ? test : define(`${guard} * ${test}`)
        const inside = write(current.inside, inner)
        const outside = write(current.outside, guard)
        return define(`${test} > 0.5 ? ${inside} : ${outside}`)
      }
    }
  }
  return terms.map((term) => write(term, undefined))
}

/** Writes a term and answers its name. */
const written = (term: Term, names: Names): string => writtenAll([term], names)[0] ?? '0'

/** The names and seats of one kernel. */
const namesOver = (w: Writer, elements: Names['elements']): { readonly names: Map<Digit, readonly IndexTerm[]>; readonly seats: readonly Tensor[]; readonly context: (threads: number) => Names } => {
  const names = new Map<Digit, readonly IndexTerm[]>()
  const seats: Tensor[] = []
  const seatOf = (value: Tensor): number => {
    const found = seats.findIndex(({ node, index }) => node === value.node && index === value.index)
    const seat = found < 0 ? seats.push(value) - 1 : found
    if (seat >= mostSeats) throw new TooWide('more arrays than seats')
    return seat
  }
  return { names, seats, context: (threads) => ({ w, elements, threads, nameOf: (coordinate) => names.get(coordinate), seatOf }) }
}

/** Loops over coordinates, with names for them; answers how to close them. */
const openLoops = (w: Writer, digits: readonly Joined[], names: Map<Digit, readonly IndexTerm[]>): number => {
  digits.forEach(({ size, last }) => {
    const name = w.name('k')
    w.line(`for (let ${name} = 0; ${name} < ${w.scalar(size)}; ${name}++) {`)
    names.set(last, [{ name, size, stride: 1 }])
  })
  return digits.length
}

const foldText = (combine: Fold['combine'], total: string, value: string): string =>
  combine === 'sum' ? `${total} += ${value};` : `${total} = ${value} > ${total} ? ${value} : (${value} <= ${total} ? ${total} : ${value} + ${total});`

/**
 * One kernel that computes a term for every value of `outer`, folded along `fold`'s coordinates where there is one. Long folds are left
 * in parts.
 */
export const emit = (term: Term, outer: readonly Digit[], elements: (value: Tensor) => number, fold?: Fold): Emitted => {
  const forms: Form[] = []
  formsOf(term, forms, new Set())
  const all = forms.map(settled)
  // What counts beyond 2²³ has two names, which only a plain index of the thread can use.
  const plain = joinedDigits(outer, all, Infinity)
  const reversed = all.some((form) => [...form.terms.values()].some((factor) => factor < 0))
  const threads = plain.length === 1 && !reversed ? plain : joinedDigits(outer, all, mostFlatElements)
  const inner = fold === undefined ? [] : joinedDigits(fold.digits, all, 2 ** 20)
  const count = threads.reduce((product, { size }) => product * size, 1)
  const large = threads.length > 1 && threads.some(({ size }) => size > mostFlatElements)
  if (large) throw new TooWide('a coordinate beyond 2^23 beside others')
  const w = writer()
  const { names, seats, context } = namesOver(w, elements)
  const kernel = (total: number, result: string): KernelSource => {
    if (seats.length === 0) throw new TooWide('a kernel needs an array')
    return w.kernel(seats.length, total, result)
  }
  const terms = inner.reduce((product, { size }) => product * size, 1)
  const bind = (coordinates: readonly Joined[], decoded: readonly string[]): void => coordinates.forEach(({ size, last }, k) => names.set(last, [{ name: decoded[k] ?? '0', size, stride: 1 }]))
  if (fold === undefined) {
    bind(threads, threads.length === 0 ? [] : decodeThread(w, threads.map(({ size }) => size)))
    const result = written(term, context(count))
    return { kernel: kernel(count, result), seats, parts: 1, partsFirst: false }
  }
  const start = fold.combine === 'sum' ? '0' : w.scalar(-Infinity)
  const single = terms <= 512 || (terms <= mostTerms && count >= 2048)
  if (single) {
    bind(threads, threads.length === 0 ? [] : decodeThread(w, threads.map(({ size }) => size)))
    const total = w.name('t')
    w.line(`let ${total} = ${start};`)
    const loops = openLoops(w, inner, names)
    w.line(foldText(fold.combine, total, written(term, context(count))))
    w.line('}'.repeat(loops))
    return { kernel: kernel(count, total), seats, parts: 1, partsFirst: false }
  }
  // Parts of about the square root of the terms: some inner coordinates as they are, and a block of the next one. The parts are the threads.
  const target = Math.min(mostTermsOfPart, Math.max(64, Math.sqrt(terms)))
  let cut = inner.length - 1
  let within = 1
  while (cut > 0 && within * (inner[cut]?.size ?? 1) <= target) within *= inner[cut--]?.size ?? 1
  const split = inner[cut]
  if (split === undefined) throw new RangeError('a fold without terms')
  const block = Math.ceil(split.size / Math.ceil(split.size / Math.max(1, Math.floor(target / within))))
  const blocks = Math.ceil(split.size / block)
  const before = inner.slice(0, cut)
  const parts = before.reduce((product, { size }) => product * size, blocks)
  const sizes = [...threads, ...before].map(({ size }) => size)
  // More parts than one number counts would be named by two, which only a plain index can use.
  const coordinates = decodeThread(w, [...(sizes.length === 0 ? [1] : sizes), blocks])
  const own = sizes.length === 0 ? coordinates.slice(1) : coordinates
  bind([...threads, ...before], own)
  const part = own.at(-1) ?? '0'
  const total = w.name('t')
  w.line(`let ${total} = ${start};`)
  const rounds = w.constant(`${part} < ${w.scalar(blocks - 1)} ? ${real(w, block)} : ${real(w, split.size - (blocks - 1) * block)}`)
  const step = w.name('k')
  w.line(`for (let ${step} = 0; ${step} < ${rounds}; ${step}++) {`)
  names.set(split.last, [
    { name: part, size: blocks, stride: block },
    { name: step, size: block, stride: 1 }
  ])
  const rest = inner.slice(cut + 1)
  // A sum of sums rounds less.
  const sum = fold.combine === 'sum' && rest.length > 0 ? w.name('t') : total
  if (sum !== total) w.line(`let ${sum} = 0;`)
  const loops = openLoops(w, rest, names)
  w.line(foldText(fold.combine, sum, written(term, context(count * parts))))
  w.line('}'.repeat(loops))
  w.line(sum === total ? '}' : `${total} += ${sum}; }`)
  return { kernel: kernel(count * parts, total), seats, parts, partsFirst: false }
}

/** A kernel that computes four terms for every value of `outer`, as the four numbers of a texel. Throws `TooWide` where there are too many texels or arrays. */
export const emitTexels = (terms: readonly Term[], outer: readonly Digit[], elements: (value: Tensor) => number): Pick<Emitted, 'kernel' | 'seats'> => {
  const forms: Form[] = []
  const seen = new Set<Term>()
  terms.forEach((term) => formsOf(term, forms, seen))
  const threads = joinedDigits(outer, forms, mostFlatElements)
  const sizes = threads.map(({ size }) => size)
  const count = sizes.reduce((product, size) => product * size, 1)
  if (count > mostFlatElements) throw new TooWide('more texels than one number counts')
  const w = writer()
  const { names, seats, context } = namesOver(w, elements)
  const decoded = sizes.length === 0 ? [] : decodeThread(w, sizes)
  threads.forEach(({ size, last }, k) => names.set(last, [{ name: decoded[k] ?? '0', size, stride: 1 }]))
  const results = writtenAll(terms, context(count))
  if (seats.length === 0) throw new TooWide('a kernel needs an array')
  return { kernel: w.texels(seats.length, count, results), seats }
}
