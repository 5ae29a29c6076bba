import { describe, expect, test } from 'vitest'
import { fc, test as propertyTest } from '@fast-check/vitest'
import { allReduce, collectivesOf, compile, floats, graphOf, joinReplicas, mul, placeholder, slice, tensorsOf, total, trace } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { evaluate, referenceDevice } from '@tabula/tensor/reference'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { either as E } from 'fp-ts'
import { batchNorm, oneReplica, simulatedReplicas, syncBatchNorm, synchronizedBatchNormalize } from '../src/index.js'
import type { Norm, Affine, Running } from '../src/index.js'
import { constantOf, generated, largestError, run } from './support/run.js'
import { torchGroup } from './support/torch-fixtures.js'

type Real = Tensor<Shape, 'f32'>

interface Answer {
  readonly y: readonly HostValue[]
  readonly dx: readonly HostValue[]
  readonly weight: readonly HostValue[]
  readonly bias: readonly HostValue[]
  readonly running: readonly (readonly HostValue[])[]
}

interface Problem {
  readonly x: Real
  readonly ct: Real
  readonly weight: Real
  readonly bias: Real
  readonly running_mean: Real
  readonly running_var: Real
}

/** One training step's results and gradients of a shard, as a program without inputs. */
const replica = (norm: Norm<Affine, Running>, problem: Problem, start: number, limit: number) => {
  const rows = slice({ axis: 0, start, limit })
  const layer = norm.layer(problem.weight.shape[0] ?? 0)
  const step = valueAndGradWithAux(({ x, weight, bias }: { readonly x: Real; readonly weight: Real; readonly bias: Real }) => {
    const [y, state] = layer.train({ weight, bias }, { running_mean: problem.running_mean, running_var: problem.running_var }, x)
    return [total(mul(y, rows(problem.ct) as Real)), { y, state }] as const
  })
  const { auxiliary, gradient } = step({ x: rows(problem.x) as Real, weight: problem.weight, bias: problem.bias })
  return graphOf([], [auxiliary.y, gradient.x, gradient.weight, gradient.bias, auxiliary.state.running_mean, auxiliary.state.running_var])
}

const answer = (problem: Problem, sizes: readonly number[]): Answer => {
  const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((a, b) => a + b, 0))
  const norm = syncBatchNorm(simulatedReplicas(sizes.length))
  const graphs = sizes.map((size, index) => replica(norm, problem, (ends[index] ?? 0) - size, ends[index] ?? 0))
  const outcome = evaluate(joinReplicas(graphs), [])
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  const of = (k: number) => outcome.right.filter((_, index) => index % 6 === k)
  return { y: of(0), dx: of(1), weight: of(2), bias: of(3), running: [of(4), of(5)] }
}

const concatenated = (values: readonly HostValue[], shape: readonly number[]): HostValue => ({
  kind: 'host',
  dtype: 'f32',
  shape,
  data: Float64Array.from(values.flatMap(({ data }) => Array.from(data)))
})

const summed = (values: readonly HostValue[]): HostValue => ({
  kind: 'host',
  dtype: 'f32',
  shape: values[0]?.shape ?? [],
  data: Float64Array.from(values[0]?.data ?? [], (_, i) => values.reduce((a, { data }) => a + (data[i] ?? NaN), 0))
})

describe('synchronized batch normalization', () => {
  const recorded = torchGroup('norm')
  const valueAt = (name: string): HostValue => {
    const found = recorded.get(name)
    if (found === undefined) throw new Error(`${name} is not recorded`)
    return found
  }
  const real = (name: string): Real => constantOf(valueAt(name)) as Real

  test.each([
    ['sync_batch_norm_8_as_4x2', [2, 2, 2, 2]],
    ['sync_batch_norm_8_as_5_and_3', [5, 3]],
    ['sync_batch_norm_8_as_5_and_3', [5, 0, 3]],
    ['sync_batch_norm_8_as_4x2', [8]]
  ] as const)('%s in shards of %j', (name, sizes) => {
    const problem = {
      x: real(`${name}/in.x`),
      ct: real(`${name}/ct.y`),
      weight: real(`${name}/in.weight`),
      bias: real(`${name}/in.bias`),
      running_mean: real(`${name}/in.running_mean`),
      running_var: real(`${name}/in.running_var`)
    }
    const found = answer(problem, sizes)
    const same = (actual: HostValue, output: string) => expect(largestError(actual, valueAt(`${name}/${output}`))).toBeLessThan(1e-10)
    same(concatenated(found.y, problem.x.shape), 'out.y')
    same(concatenated(found.dx, problem.x.shape), 'grad.x')
    same(summed(found.weight), 'grad.weight')
    same(summed(found.bias), 'grad.bias')
    found.running[0]?.forEach((value) => same(value, 'out.new_running_mean'))
    found.running[1]?.forEach((value) => same(value, 'out.new_running_var'))
    const alone = run(tensorsOf(replica(batchNorm(), problem, 0, sizes[0]).outputs))[0]
    if (sizes.length > 1 && alone !== undefined) expect(largestError(alone, found.y[0] ?? alone)).toBeGreaterThan(1e-3)
  })

  const shards = fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }).filter((sizes) => sizes.some((size) => size > 0))
  propertyTest.prop([shards, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }), fc.integer({ min: -50, max: 50 }), fc.nat(1000)], { numRuns: 60 })(
    'on shards of any sizes, empty ones too, is batch normalization of the concatenated batch: outputs, gradients, running statistics',
    (sizes, channels, side, mean, seed) => {
      const rows = sizes.reduce((a, b) => a + b, 0)
      const at = (index: number, shift: number): number => Math.sin(index * 12.9898 + seed + shift) * 3
      const problem = {
        x: generated([rows, channels, side, side], (index) => at(index, 0) + mean),
        ct: generated([rows, channels, side, side], (index) => at(index, 1)),
        weight: generated([channels], (index) => at(index, 2)),
        bias: generated([channels], (index) => at(index, 3)),
        running_mean: generated([channels], (index) => at(index, 4)),
        running_var: generated([channels], (index) => Math.abs(at(index, 5)))
      }
      const [y, dx, weight, bias, runningMean, runningVariance] = run(tensorsOf(replica(batchNorm(), problem, 0, rows).outputs))
      const found = answer(problem, sizes)
      const same = (actual: HostValue, expected: HostValue | undefined) => expect(largestError(actual, expected ?? summed([]))).toBeLessThan(1e-7)
      same(concatenated(found.y, problem.x.shape), y)
      same(concatenated(found.dx, problem.x.shape), dx)
      same(summed(found.weight), weight)
      same(summed(found.bias), bias)
      found.running[0]?.forEach((value) => same(value, runningMean))
      found.running[1]?.forEach((value) => same(value, runningVariance))
    }
  )

  test('in single precision a mean that is large beside the deviation costs no digits once the running mean is near it', async () => {
    const [rows, channels] = [8, 2]
    const x = floats([rows, channels, 3, 3], Float32Array.from({ length: rows * channels * 9 }, (_, index) => 1000 + Math.sin(index * 1.7)))
    const near = floats([channels], [1000.5, 999.25])
    const varianceOf = async (precision: 'single' | 'double', shifted: boolean) => {
      const device = referenceDevice({ precision })
      const program = await compile(device)(({ x: map, near: shift }) => synchronizedBatchNormalize(map, { reduce: oneReplica, label: 'n', ...(shifted ? { shift } : {}) }).variance, { x, near })()
      if (E.isLeft(program)) throw new Error(JSON.stringify(program.left))
      const found = await program.right.run({ x, near })()
      if (E.isLeft(found)) throw new Error(JSON.stringify(found.left))
      return Array.from(found.right.data, Number)
    }
    const exact = await varianceOf('double', true)
    const worst = (found: readonly number[]) => Math.max(...found.map((v, c) => Math.abs(v - (exact[c] ?? NaN)) / (exact[c] ?? NaN)))
    expect(worst(await varianceOf('double', false))).toBeLessThan(1e-7)
    expect(worst(await varianceOf('single', true))).toBeLessThan(1e-5)
    expect(worst(await varianceOf('single', false))).toBeGreaterThan(1e-3)
  })

  test('one sum forward and one backward for a layer', () => {
    const problem = {
      x: generated([2, 3, 2, 2], Math.sin),
      ct: generated([2, 3, 2, 2], Math.cos),
      weight: generated([3], () => 1),
      bias: generated([3], () => 0),
      running_mean: generated([3], () => 0),
      running_var: generated([3], () => 1)
    }
    expect(collectivesOf(replica(syncBatchNorm(simulatedReplicas(2)), problem, 0, 1)).map(({ shape }) => shape)).toEqual([[7], [7]])
    expect(collectivesOf(replica(syncBatchNorm(oneReplica), problem, 0, 1))).toEqual([])
  })
})

describe('joinReplicas', () => {
  const program = (...labels: readonly string[]) => {
    const x = placeholder('x', { shape: [2], dtype: 'f32' })
    return graphOf([x], [labels.reduce<Real>((y, label) => mul(allReduce(label)(y), 2), x)])
  }
  const value = (...numbers: readonly number[]): HostValue => ({ kind: 'host', dtype: 'f32', shape: [2], data: Float64Array.from(numbers) })

  test('collectives meet in order, and inputs and outputs are those of the first, then of the second', () => {
    const joined = joinReplicas([program('a', 'b'), program('a', 'b')])
    expect(joined.nodes.some(({ primitive }) => primitive === 'allReduce')).toBe(false)
    const outcome = evaluate(joined, [value(1, 2), value(10, 20)])
    expect(E.isRight(outcome) && outcome.right.map(({ data }) => Array.from(data))).toEqual([[88, 176], [88, 176]])
  })

  test('one program joined with itself', () => {
    const graph = program('a')
    const outcome = evaluate(joinReplicas([graph, graph]), [value(1, 2), value(10, 20)])
    expect(E.isRight(outcome) && outcome.right.map(({ data }) => Array.from(data))).toEqual([[22, 44], [22, 44]])
  })

  test('replicas that ask for different sums are told which', () => {
    expect(() => joinReplicas([program('a', 'b'), program('a', 'c')])).toThrow('joinReplicas: replica 1: expected "b" [2], as replica 0, found "c" [2]')
    expect(() => joinReplicas([program('a', 'b'), program('a')])).toThrow('expected "b" [2], as replica 0, found no further collective')
    expect(() => joinReplicas([program('a'), program('a', 'b')])).toThrow('expected no further collective, as replica 0, found "b" [2]')
    expect(() => joinReplicas([])).toThrow('at least one')
  })

  test('a traced program keeps its collectives', () => {
    expect(collectivesOf(trace((x: Real) => allReduce('here')(x), value(1, 2) as HostValue<'f32'>).graph)).toEqual([{ label: 'here', shape: [2] }])
  })
})
