import type { Graph } from '../../../graph/graph.js'
import { sizeOf } from '../../../shape.js'
import type { Cell } from './cells.js'
import type { Executor } from './nested.js'

/** Magnitudes of an input's integers that programs are planned for: small ones may be added and multiplied on the device. */
const magnitudes = [2 ** 12, 2 ** 18, 2 ** 24, Infinity] as const

const magnitudeOf = (largest: number): number => magnitudes.find((most) => largest <= most) ?? Infinity

interface Variant {
  readonly inputs: readonly number[]
  readonly executor: Executor
}

/** The magnitudes that a program is planned for before it has seen an input: integers are small, but those of a state, which counts. */
export const expectedMagnitudes = ({ inputs }: Graph, state: number): readonly number[] => inputs.map(({ dtype }, index) => (dtype !== 'i32' || index < state ? Infinity : magnitudes[0]))

/** The magnitude of an input. Numbers that are in the engine alone may be anything. */
const found = ({ host }: Cell): number => {
  if (host === undefined) return Infinity
  let largest = 0
  for (const x of host.data) largest = Math.max(largest, Math.abs(x))
  return magnitudeOf(largest)
}

/**
 * A program planned for small integers in its inputs, and planned again when a run brings larger ones: whatever is beyond what f32 holds
 * is computed on the host, without a loss.
 */
export const executorByMagnitudes = (graph: Graph, expected: readonly number[], first: Executor, plan: (inputs: readonly number[]) => Executor): Executor => {
  const variants: Variant[] = [{ inputs: expected, executor: first }]
  const counted = graph.inputs.flatMap(({ dtype, shape }, index) => (dtype === 'i32' && sizeOf(shape) > 0 && Number.isFinite(expected[index]) ? [index] : []))
  const executorFor = (cells: readonly Cell[]): Executor => {
    if (counted.length === 0) return first
    const needed = new Map(counted.map((index) => [index, cells[index] === undefined ? Infinity : found(cells[index])]))
    const fits = ({ inputs }: Variant): boolean => counted.every((index) => (needed.get(index) ?? Infinity) <= (inputs[index] ?? Infinity))
    const known = variants.find(fits)
    if (known !== undefined) return known.executor
    // What has been large stays so, which bounds how often a program is planned.
    const inputs = (variants.at(-1)?.inputs ?? expected).map((most, index) => Math.max(most, needed.get(index) ?? most))
    const executor = plan(inputs)
    variants.push({ inputs, executor })
    return executor
  }
  return {
    run: async (cells) => executorFor(cells).run(cells),
    constants: () => variants.flatMap(({ executor }) => executor.constants()),
    release: () => variants.forEach(({ executor }) => executor.release())
  }
}
