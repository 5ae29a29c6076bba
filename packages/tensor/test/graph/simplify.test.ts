import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { evaluate } from '../../src/device/reference/index.js'
import { add, bind, bindAll, broadcastTo, exp, floats, mul, relu, reshape, simplify, stopGradient, sum, trace, transpose } from '../../src/index.js'
import type { Graph, HostValue, Tensor } from '../../src/index.js'

const x = floats([2, 3], [1, -2, 3, -4, 5, -6])
const traced = (f: (x: Tensor<readonly number[], 'f32'>) => Tensor) => trace((a) => f(a as Tensor<readonly number[], 'f32'>), x).graph
const names = (graph: Graph) => graph.nodes.map((node) => node.primitive)
const numbers = (graph: Graph, inputs: readonly HostValue[]): readonly number[][] => {
  const result = evaluate(graph, inputs)
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right.map(({ data }) => Array.from(data))
}
const agrees = (graph: Graph) => expect(numbers(simplify(graph), [x])).toEqual(numbers(graph, [x]))

describe('simplify', () => {
  test('merges equal expressions', () => {
    const graph = traced((a) => add(exp(a), exp(a)))
    expect(names(simplify(graph))).toEqual(['input', 'exp', 'add'])
    agrees(graph)
  })

  test('does not merge constants that differ in the sign of zero', () => {
    const graph = traced((a) => add(mul(a, 0), mul(a, -0)))
    expect(names(simplify(graph)).filter((name) => name === 'mul')).toHaveLength(2)
  })

  test('inlines calls and merges what they share with the rest', () => {
    const inner = trace((a) => relu(exp(a as Tensor<readonly number[], 'f32'>)), x).graph
    const graph = traced((a) => add(exp(a), bind('call', { name: 'inner', graph: inner }, a) as Tensor<readonly number[], 'f32'>))
    expect(names(simplify(graph))).toEqual(['input', 'exp', 'relu', 'add'])
    agrees(graph)
  })

  test('keeps expressions behind different barriers apart', () => {
    const graph = traced((a) => {
      const again = (): Tensor => bind('exp', {}, bindAll('barrier', {}, a, a)[0] ?? a)
      return bind('add', {}, again(), again())
    })
    expect(names(simplify(graph)).filter((name) => name === 'exp')).toHaveLength(2)
    agrees(graph)
  })

  test('removes identities, merges reshapes and transposes', () => {
    const graph = traced((a) => transpose([1, 0])(transpose([1, 0])(stopGradient(reshape([2, 3])(reshape([6])(mul(a, 1)))))))
    expect(names(simplify(graph))).toEqual(['input'])
    agrees(graph)
  })

  test('leaves out a broadcast that the elementwise operation does by itself', () => {
    const graph = traced((a) => mul(a, broadcastTo([2, 3])(sum({ axes: [0] })(a))))
    expect(names(simplify(graph))).toEqual(['input', 'reduceSum', 'mul'])
    agrees(graph)
  })

  test('keeps unused placeholders', () => {
    const graph = trace(({ a }) => a, { a: x, b: x }).graph
    expect(simplify(graph).inputs).toHaveLength(2)
  })
})
