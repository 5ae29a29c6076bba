import { bind, graphOf, hostValue, placeholder } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import type { RandomNumbers } from '../random.js'
import { fill, fixed, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'

const half = (x: Tensor): Tensor => bind('mul', {}, x, bind('constant', { value: fill([], () => 0.5) }))

/**
 * Two carries, of which one is moved by a constant and by what is sliced and the other by the first; what is answered is stacked, and among
 * it may be the carries before each step, as a derivative wants them.
 */
const body = (shape: Sizes, history: boolean) => {
  const [w, h, s, x] = ['w', 'h', 's', 'x'].map((name) => placeholder(name, { shape, dtype: 'f32' }))
  if (w === undefined || h === undefined || s === undefined || x === undefined) throw new RangeError('four placeholders')
  const next = bind('sin', {}, bind('add', {}, bind('mul', {}, w, h), x))
  const sum = bind('add', {}, half(s), bind('mul', {}, h, x))
  return graphOf([w, h, s, x], [next, sum, bind('mul', {}, next, s), ...(history ? [h, s] : [])])
}

/** How many of each a body has. */
interface Counts {
  readonly constants: number
  readonly carries: number
  readonly sliced: number
  readonly stacked: number
  /** Whether a carry counts the steps. */
  readonly counts: boolean
}

/** Any: carries that rest on some of the body's inputs, which may not be themselves, and results that are products of any two. */
const anyBody = (shape: Sizes, { constants, carries, sliced, stacked, counts }: Counts, { below, shuffle }: RandomNumbers) => {
  const named = (name: string, count: number) => Array.from({ length: count }, (_, index) => placeholder(`${name}${index}`, { shape, dtype: 'f32' }))
  const [w, h, x] = [named('w', constants), named('h', carries), named('x', sliced)]
  const count = counts ? [placeholder('count', { shape: [], dtype: 'i32' })] : []
  const numbers = count.map((steps) => bind('cast', { dtype: 'f32' }, steps))
  const one = (): Tensor => shuffle([...w, ...h, ...x]).slice(0, 1).reduce((_, z) => z, half(bind('constant', { value: fill(shape, () => 1) })))
  const term = (): Tensor => [one, () => half(one()), () => bind('sin', {}, one()), () => bind('mul', {}, one(), one())].map((make) => make())[below(4)] ?? one()
  const next = h.map(() => (below(2) === 0 ? half(term()) : half(bind('add', {}, term(), term()))))
  const results = Array.from({ length: stacked }, () => numbers.reduce((product, number) => bind('mul', {}, product, number), bind('mul', {}, one(), one())))
  const more = count.map((steps) => bind('add', {}, steps, bind('constant', { value: hostValue('i32', [], Int32Array.of(1)) })))
  return graphOf([...w, ...h, ...count, ...x], [...next, ...more, ...results])
}

const operandOf = (sizes: Sizes, random: RandomNumbers) => variable(fill(sizes, smooth(random)))

const written: fc.Arbitrary<Instance> = instances(
  fc.record({ shape: shapes({ maxRank: 2 }), length: fc.nat(4), reverse: fc.boolean(), history: fc.boolean() }),
  ({ shape, length, reverse, history }, random) =>
    instanceOf('scan', { body: body(shape, history), constants: 1, carries: 2, length, reverse }, [
      operandOf(shape, random),
      operandOf(shape, random),
      operandOf(shape, random),
      operandOf([length, ...shape], random)
    ])
)

const drawn: fc.Arbitrary<Instance> = instances(
  fc.record({
    shape: shapes({ maxRank: 1 }),
    length: fc.nat(3),
    reverse: fc.boolean(),
    counts: fc.record({ constants: fc.nat(2), carries: fc.nat(3), sliced: fc.nat(2), stacked: fc.integer({ min: 1, max: 2 }), counts: fc.boolean() })
  }),
  ({ shape, length, reverse, counts }, random) => {
    const { constants, carries, sliced } = counts
    const all = constants + carries + sliced === 0 ? { ...counts, carries: 1 } : counts
    // Something must move, and not all need to.
    const still = random.below(3)
    let made = 0
    const operands = (sizes: Sizes, count: number) =>
      Array.from({ length: count }, () => (made++ > 0 && random.below(2) < still ? fixed(fill(sizes, smooth(random))) : operandOf(sizes, random)))
    const steps = counts.counts ? [fixed(hostValue('i32', [], Int32Array.of(2)))] : []
    return instanceOf('scan', { body: anyBody(shape, all, random), constants, carries: all.carries + steps.length, length, reverse }, [
      ...operands(shape, constants),
      ...operands(shape, all.carries),
      ...steps,
      ...operands([length, ...shape], sliced)
    ])
  }
)

/** Up to four steps, none now and then, in both directions, over a body with all that a derivative may want, and over any. */
export const loops: fc.Arbitrary<Instance> = fc.oneof(written, drawn)
