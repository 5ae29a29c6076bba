import { bind, graphOf, hostValue, placeholder } from '@tabula/tensor'
import type { Graph, Sizes, Tensor } from '@tabula/tensor'
import fc from 'fast-check'
import { fill, fixed, instanceOf, instances, shapes, smooth, variable } from './instance.js'
import type { Instance } from './instance.js'

export const barrier: fc.Arbitrary<Instance> = instances(fc.tuple(shapes(), shapes(), shapes()), ([a, b, dependency], random) =>
  instanceOf(
    'barrier',
    {},
    [a, b, dependency].map((shape) => variable(fill(shape, smooth(random))))
  )
)

/** With one replica, where the sum is its term. */
export const allReduce: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('allReduce', { label: 'test' }, [variable(fill(shape, smooth(random)))])
)

const closed = (shape: Sizes, f: (x: Tensor, y: Tensor) => readonly Tensor[]): Graph => {
  const [x, y] = [placeholder('x', { shape, dtype: 'f32' }), placeholder('y', { shape, dtype: 'f32' })]
  return graphOf([x, y], f(x, y))
}

const productAndSine = (shape: Sizes): Graph => closed(shape, (x, y) => [bind('mul', {}, x, y), bind('sin', {}, x)])

/** Differentiated through its graph. */
export const call: fc.Arbitrary<Instance> = instances(shapes(), (shape, random) =>
  instanceOf('call', { name: 'productAndSine', graph: productAndSine(shape) }, [
    variable(fill(shape, smooth(random))),
    variable(fill(shape, smooth(random)))
  ])
)

/** Three branches, one of which ignores an operand and one both; the index may be out of range. */
export const cond: fc.Arbitrary<Instance> = instances(
  fc.tuple(shapes(), fc.integer({ min: -1, max: 3 })),
  ([shape, index], random) => {
    const zeros = (): Tensor => bind('constant', { value: fill(shape, () => 1) })
    const branches = [
      productAndSine(shape),
      closed(shape, (x) => [bind('exp', {}, x), x]),
      closed(shape, () => [zeros(), zeros()])
    ]
    const operands = [variable(fill(shape, smooth(random))), variable(fill(shape, smooth(random)))]
    return instanceOf('cond', { branches }, [fixed(hostValue('i32', [], Int32Array.of(index))), ...operands])
  }
)
