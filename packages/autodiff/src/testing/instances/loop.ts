import { bind, graphOf, placeholder } from '@tabula/tensor'
import type { Sizes, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { fill, instanceOf, instances, shapes, smooth, variable } from './instance.js'
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

/** Up to four steps, none now and then, in both directions. */
export const loops: fc.Arbitrary<Instance> = instances(
  fc.record({ shape: shapes({ maxRank: 2 }), length: fc.nat(4), reverse: fc.boolean(), history: fc.boolean() }),
  ({ shape, length, reverse, history }, random) => {
    const operand = (sizes: Sizes) => variable(fill(sizes, smooth(random)))
    return instanceOf('scan', { body: body(shape, history), constants: 1, carries: 2, length, reverse }, [
      operand(shape),
      operand(shape),
      operand(shape),
      operand([length, ...shape])
    ])
  }
)
