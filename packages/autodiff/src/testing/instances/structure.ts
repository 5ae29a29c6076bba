import { bind, graphOf, hostValue, placeholder, sizeOf } from '@tabula/tensor'
import type { Attributes, CustomJvp, CustomVjp, Graph, Sizes, Tensor } from '@tabula/tensor'
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

const product = (a: Tensor, b: Tensor): Tensor => bind('mul', {}, a, b)
const missing = (): never => {
  throw new RangeError('a rule was given other operands or results than its call has')
}

/** The rule of `productAndSine` as a call may bring it. */
const pullBackOfProductAndSine: CustomVjp = ([x = missing(), y = missing()], _results, [c = missing(), d = missing()]) => [
  bind('add', {}, product(c, y), product(d, bind('cos', {}, x))),
  product(c, x)
]

const pushForwardOfProductAndSine: CustomJvp = ([x = missing(), y = missing()], _results, [t = missing(), u = missing()]) => [
  bind('add', {}, product(t, y), product(u, x)),
  product(t, bind('cos', {}, x))
]

/** Differentiated through its graph, as computed or computed again; or by the rule it brings, that of one mode serving both. */
const productAndSineCall: fc.Arbitrary<Instance> = instances(
  fc.tuple(
    shapes(),
    fc.constantFrom<Partial<Attributes['call']>>(
      {},
      { recompute: true },
      { vjp: pullBackOfProductAndSine },
      { jvp: pushForwardOfProductAndSine },
      { vjp: pullBackOfProductAndSine, jvp: pushForwardOfProductAndSine }
    )
  ),
  ([shape, how], random) =>
    instanceOf('call', { name: 'productAndSine', graph: productAndSine(shape), ...how }, [
      variable(fill(shape, smooth(random))),
      variable(fill(shape, smooth(random)))
    ])
)

/** sin(k) and e^x · k, of x of any shape, one number k, and a number that nothing rests on. */
const scaledExponential = (shape: Sizes): Graph => {
  const x = placeholder('x', { shape, dtype: 'f32' })
  const [k, ignored] = ['k', 'ignored'].map((name) => placeholder(name, { shape: [], dtype: 'f32' }))
  return k === undefined || ignored === undefined ? missing() : graphOf([x, k, ignored], [bind('sin', {}, k), product(bind('exp', {}, x), k)])
}

/** The same numbers, by way of one row: what a batch makes of that rests on its size. */
const throughRow = (x: Tensor): Tensor => bind('reshape', { shape: x.shape }, bind('reshape', { shape: [sizeOf(x.shape)] }, x))

/** Rules that read results, and answer a zero; of operands and results that differ in number and shape. */
const pullBackOfScaled: CustomVjp = ([x = missing(), k = missing(), ...ignored], [, y = missing(), ...others], [c = missing(), d = missing()]) => {
  if (ignored.length !== 1 || others.length !== 0) return missing()
  const alongX = product(d, bind('exp', {}, x))
  const summed = bind('reduceSum', { axes: x.shape.map((_, axis) => axis), keepDimensions: false }, alongX)
  return [throughRow(product(d, y)), bind('add', {}, summed, product(c, bind('cos', {}, k))), bind('constant', { value: fill([], () => 0) })]
}

const pushForwardOfScaled: CustomJvp = ([x = missing(), k = missing(), ...ignored], [, y = missing(), ...others], [t = missing(), u = missing()]) => {
  if (ignored.length !== 1 || others.length !== 0) return missing()
  return [product(u, bind('cos', {}, k)), bind('add', {}, product(t, y), product(u, bind('exp', {}, x)))]
}

const scaledExponentialCall: fc.Arbitrary<Instance> = instances(
  fc.tuple(shapes(), fc.constantFrom<Partial<Attributes['call']>>({ vjp: pullBackOfScaled }, { vjp: pullBackOfScaled, jvp: pushForwardOfScaled })),
  ([shape, how], random) =>
    instanceOf('call', { name: 'scaledExponential', graph: scaledExponential(shape), ...how }, [
      variable(fill(shape, smooth(random))),
      variable(fill([], smooth(random))),
      variable(fill([], smooth(random)))
    ])
)

/** Through a call's graph, or by the rules that a call brings. */
export const call: fc.Arbitrary<Instance> = fc.oneof(productAndSineCall, scaledExponentialCall)

const anyIndex = fc.integer({ min: -1, max: 3 })

/** Three branches, one of which ignores an operand and one both; the index may be out of range. */
const unlike: fc.Arbitrary<Instance> = instances(
  fc.tuple(shapes(), anyIndex),
  ([shape, index], random) => {
    const ones = (): Tensor => bind('constant', { value: fill(shape, () => 1) })
    const branches = [
      productAndSine(shape),
      closed(shape, (x) => [bind('exp', {}, x), x]),
      closed(shape, () => [ones(), ones()])
    ]
    const operands = [variable(fill(shape, smooth(random))), variable(fill(shape, smooth(random)))]
    return instanceOf('cond', { branches }, [fixed(hostValue('i32', [], Int32Array.of(index))), ...operands])
  }
)

/** Branches that all ignore their first operand, their second, or both. */
const ignoring: fc.Arbitrary<Instance> = instances(fc.tuple(shapes(), anyIndex), ([shape, index], random) => {
  const used = random.below(3)
  const ones = (): Tensor => bind('constant', { value: fill(shape, () => 1) })
  const branches = [
    closed(shape, (...operands) => [operands.slice(used, used + 1).reduce((_, z) => bind('sin', {}, z), ones()), ones()]),
    closed(shape, (...operands) => [operands.slice(used, used + 1).reduce((_, z) => product(z, z), ones()), ones()])
  ]
  const operands = [variable(fill(shape, smooth(random))), variable(fill(shape, smooth(random)))]
  return instanceOf('cond', { branches }, [fixed(hostValue('i32', [], Int32Array.of(index))), ...operands])
})

export const cond: fc.Arbitrary<Instance> = fc.oneof({ weight: 3, arbitrary: unlike }, { weight: 1, arbitrary: ignoring })
