import { describe, expect } from 'vitest'
import { fc, test } from '@fast-check/vitest'
import { add, concatenate, isHostValue, isTensor, key, leavesOf, mapLeaves, slice } from '@tabula/tensor'
import type { HostValue, Shape } from '@tabula/tensor'
import { batchNorm, compose, conv2d, definitionOf, frozenBatchNorm, groupNorm, identity, layer, layerNorm, named, noNorm, product, relu, repeat, residual, sequence } from '../src/index.js'
import type { AnyLayer, Layer, Spatial } from '../src/index.js'
import { constantOf, generated, run } from './support/run.js'

type Three = Layer<unknown, unknown, Spatial<3, 3, 1>>

/** Forgets what a layer's trees look like. */
const three = (of: AnyLayer): Three => layer<unknown, unknown, Spatial<3, 3, 1>>(definitionOf(of))

const simple = fc.oneof(
  fc.constantFrom(1, 3).map((kernel) => conv2d(3, 3, { kernel })),
  fc.constantFrom(1, 3).map((groups) => groupNorm(groups).layer(3)),
  fc.constantFrom(batchNorm(), batchNorm({ momentum: 0.3, eps: 1e-3 })).map((norm) => norm.layer(3)),
  fc.constantFrom(frozenBatchNorm().layer(3), layerNorm().layer(3), noNorm.layer(3)),
  fc.constant(relu),
  fc.constant(identity)
)

/** Random layers on 3 channels whose leaves are under `name`. */
const layerNamed = (name: string) =>
  fc
    .tuple(simple, fc.boolean())
    .map(([inner, deep]) => three(named(name, deep ? residual(three(named('inner', three(inner)))) : three(inner))))

const x = generated([2, 3, 4, 4], (index) => Math.sin(index * 1.7) * 2 + 0.3)

/** Initial values, the training result with the next state, and the inference result: everything a layer does, as numbers. */
const behaviour = (of: Three, seed: number, input = x) => {
  const { params, state } = of.init(key(seed))
  const tensors = (tree: unknown) => mapLeaves(tree, isHostValue, constantOf)
  const [y, next] = of.train(tensors(params), tensors(state), input)
  // The state by name: in what order a record has its fields is no difference.
  const byName = leavesOf(next, isTensor).toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ leaf }) => leaf)
  return { params, state, results: run([y, byName, of.infer(tensors(params), next, input)]) }
}

const agree = (a: Three, b: Three, seed: number, input = x) => expect(behaviour(a, seed, input)).toEqual(behaviour(b, seed, input))

/** Three channels and three more. */
const six = concatenate({ axis: 1 })<Shape, 'f32'>([x, generated([2, 3, 4, 4], (index) => Math.cos(index) - 0.5)])

const runs = { numRuns: 25 }

describe('laws, for init, train and infer, bit for bit', () => {
  test.prop([layerNamed('f'), fc.nat()], runs)('identity is the unit of compose', (f, seed) => {
    agree(three(compose(identity, f)), f, seed)
    agree(three(compose(f, identity)), f, seed)
  })

  test.prop([layerNamed('f'), layerNamed('g'), layerNamed('h'), fc.nat()], runs)('compose is associative', (f, g, h, seed) => {
    agree(three(compose(compose(f, g), h)), three(compose(f, compose(g, h))), seed)
    agree(three(sequence([f, g, h])), three(compose(compose(f, g), h)), seed)
  })

  test.prop([layerNamed('f'), fc.nat()], runs)('residual adds its input', (f, seed) => {
    const summed = layer<unknown, unknown, Spatial<3, 3, 1>>({
      ...definitionOf(f),
      train: (params, state, input) => {
        const [y, next] = f.train(params, state, input)
        return [add(y, input), next]
      },
      infer: (params, state, input) => add(f.infer(params, state, input), input)
    })
    agree(three(residual(f)), summed, seed)
  })

  test.prop([layerNamed('f'), layerNamed('g'), layerNamed('h'), layerNamed('k'), fc.nat()], runs)('product keeps identity and composition', (f, g, h, k, seed) => {
    agree(three(product(3, identity, identity)), three(identity), seed, six)
    agree(three(compose(product(3, f, g), product(3, h, k))), three(product(3, compose(f, h), compose(g, k))), seed, six)
  })

  test.prop([layerNamed('f'), layerNamed('g'), fc.nat()], runs)('product is each layer on its part', (f, g, seed) => {
    const { params, state } = three(product(3, f, g)).init(key(seed))
    const [of, og] = [f.init(key(seed)), g.init(key(seed))]
    expect([params, state]).toEqual([{ ...Object(of.params), ...Object(og.params) }, { ...Object(of.state), ...Object(og.state) }])
    const [both, alone] = [behaviour(three(product(3, f, g)), seed, six), [behaviour(f, seed, slice({ axis: 1, limit: 3 })(six)), behaviour(g, seed, slice({ axis: 1, start: 3 })(six))]]
    const halves = (value: HostValue | undefined): readonly (readonly number[])[] => [0, 1].map((half) => Array.from(value?.data ?? [], Number).filter((_, i) => Math.floor(i / 48) % 2 === half))
    const last = (values: readonly HostValue[]) => values.at(-1)
    expect(halves(both.results[0])).toEqual(alone.map(({ results }) => Array.from(results[0]?.data ?? [], Number)))
    expect(halves(last(both.results))).toEqual(alone.map(({ results }) => Array.from(last(results)?.data ?? [], Number)))
  })

  test('product asks for more channels than its first layer takes', () => {
    expect(() => product(3, identity, identity).infer({}, {}, x as never)).toThrow('product: x: expected more than 3 channels, found [2,3,4,4]')
  })

  test.prop([layerNamed('f'), layerNamed('g'), fc.nat()], runs)('residual with a shortcut is their sum, whichever way around', (f, g, seed) => {
    const { results: a } = behaviour(three(residual(f, g)), seed)
    const { results: b } = behaviour(three(residual(g, f)), seed)
    expect(a.at(-1)).toEqual(b.at(-1))
    expect(a[0]).toEqual(b[0])
  })

  test.prop([layerNamed('f'), layerNamed('g'), fc.nat()], runs)('adding a layer changes no other initial value', (f, g, seed) => {
    const { params, state } = three(compose(f, g)).init(key(seed))
    const alone = f.init(key(seed))
    expect(params).toMatchObject(Object(alone.params))
    expect(state).toMatchObject(Object(alone.state))
  })

  test.prop([fc.integer({ min: 0, max: 3 }), fc.nat()], runs)('repeat is a sequence of its layers named by number', (count, seed) => {
    const make = () => compose(conv2d(3, 3), named('norm', batchNorm().layer(3)))
    const same = Array.from({ length: count }, (_, index) => three(named(String(index), make())))
    agree(three(repeat(count, make)), three(same.reduce((f, g) => three(compose(f, g)), three(identity))), seed)
  })

  test('a name that two layers use is refused', () => {
    const twice = compose(named('a', conv2d(3, 3)), named('a', conv2d(3, 3)))
    expect(() => twice.init(key(0))).toThrow('compose: a: expected a name that only one layer uses')
  })

  test('a layer used twice threads its state in call order', () => {
    const norm = batchNorm().layer(3)
    const twice = layer<unknown, unknown, Spatial<3, 3, 1>>({
      init: definitionOf(norm).init,
      train: (params, state, input) => {
        const [y, between] = definitionOf(norm).train(params, state, input)
        return definitionOf(norm).train(params, between, y)
      },
      infer: definitionOf(norm).infer
    })
    const mean = behaviour(twice, 0).results[1]?.data[0] ?? NaN
    const once = behaviour(three(norm), 0).results[1]?.data[0] ?? NaN
    expect(mean).toBeCloseTo(once * 0.9, 12)
  })
})
