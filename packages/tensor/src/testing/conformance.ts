import * as fc from 'fast-check'
import { either as E } from 'fp-ts'
import type { Task } from 'fp-ts/lib/Task.js'
import { bindAll } from '../bind.js'
import type { Device } from '../device/device.js'
import { evaluate } from '../device/reference/index.js'
import { messageOf, showError } from '../errors.js'
import { graphOf } from '../graph/graph.js'
import type { Graph } from '../graph/graph.js'
import { placeholder } from '../graph/trace.js'
import type { PrimitiveName } from '../primitive.js'
import { sizeOf } from '../shape.js'
import type { HostValue } from '../value.js'
import { differenceOf } from './compare.js'
import type { Instance } from './instance.js'
import { instances } from './instances.js'
import { sizedPrograms } from './sized-programs.js'
import type { SizedName } from './sized-programs.js'
import { tolerances } from './tolerances.js'
import type { Tolerance } from './tolerances.js'

/** How much a device is asked: primitives, instances of each, and how far it may be from the reference. */
export interface ConformanceOptions {
  /** Which primitives (all). */
  readonly primitives?: readonly PrimitiveName[]
  /** Instances of each (25). */
  readonly runs?: number
  /** Seed of the instances (1): the same seed draws the same ones. */
  readonly seed?: number
  /** Tolerances in place of the usual ones. */
  readonly tolerances?: { readonly [P in PrimitiveName]?: Tolerance }
  /** Whether tensors without elements are drawn too (true). */
  readonly empty?: boolean
}

/** A primitive on which a device and the reference interpreter differ, at the smallest instance found. */
export interface ConformanceMismatch {
  readonly primitive: PrimitiveName
  readonly attributes: unknown
  readonly inputs: readonly HostValue[]
  readonly message: string
}

/** What a device was found to do, primitive by primitive: all three lists together are the primitives asked for. */
export interface ConformanceReport {
  readonly device: string
  /** Primitives that agreed on every instance. */
  readonly agreed: readonly PrimitiveName[]
  readonly mismatches: readonly ConformanceMismatch[]
  /** Primitives that the device says it does not support. */
  readonly unsupported: readonly PrimitiveName[]
}

/** The program that applies a primitive to the inputs of an instance. */
export const programOf = <P extends PrimitiveName>(primitive: P, { attributes, inputs }: Instance<P>): Graph => {
  if (primitive === 'input') {
    const parameters = bindAll(primitive, attributes)
    return graphOf(parameters, parameters)
  }
  const parameters = inputs.map((input, index) => placeholder(`operand${index}`, input))
  return graphOf(parameters, bindAll(primitive, attributes, ...parameters))
}

type Outcome = { readonly _tag: 'agreed' } | { readonly _tag: 'unsupported' } | { readonly _tag: 'differs'; readonly message: string }

const differs = (message: string): Outcome => ({ _tag: 'differs', message })

const compare = async (device: Device, graph: Graph, inputs: readonly HostValue[], tolerance: Tolerance): Promise<Outcome> => {
  const expected = evaluate(graph, inputs)
  if (E.isLeft(expected)) return differs(`the reference refuses: ${expected.left.message}`)
  const compiled = await device.compile(graph)()
  if (E.isLeft(compiled)) return compiled.left._tag === 'Unsupported' ? { _tag: 'unsupported' } : differs(showError(compiled.left))
  const found = await compiled.right.run(inputs)()
  compiled.right.release()
  if (E.isLeft(found)) return differs(showError(found.left))
  for (const [index, want] of expected.right.entries()) {
    const difference = differenceOf(found.right[index], want, tolerance)
    if (difference !== undefined) return differs(`output ${index}: ${difference}`)
  }
  return { _tag: 'agreed' }
}

const isEmpty = (graph: Graph): boolean => graph.nodes.some((node) => node.outputs.some(({ shape }) => sizeOf(shape) === 0))

const checkOne = async <P extends PrimitiveName>(device: Device, primitive: P, options: ConformanceOptions): Promise<ConformanceMismatch | 'agreed' | 'unsupported'> => {
  const { runs = 25, seed = 1, empty = true } = options
  const tolerance = options.tolerances?.[primitive] ?? tolerances[primitive]
  let unsupported = false
  const arbitrary: fc.Arbitrary<Instance<P>> = instances[primitive]
  const drawn = empty ? arbitrary : arbitrary.filter((instance) => !isEmpty(programOf(primitive, instance)))
  const property = fc.asyncProperty(drawn, async (instance) => {
    const outcome = await compare(device, programOf(primitive, instance), instance.inputs, tolerance)
    if (outcome._tag === 'unsupported') unsupported = true
    if (outcome._tag === 'differs') throw new Error(outcome.message)
    return true
  })
  const details = await fc.check(property, { numRuns: runs, seed, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false })
  if (unsupported) return 'unsupported'
  if (!details.failed) return 'agreed'
  const [instance] = details.counterexample ?? []
  const message = messageOf(details.errorInstance)
  return { primitive, attributes: instance?.attributes, inputs: instance?.inputs ?? [], message: `${primitive}: ${message}` }
}

/**
 * Runs random instances of primitives on a device and on the reference interpreter and reports where their results differ by more
 * than single precision explains. Instances are the same for the same seed; a mismatch is shrunk to a small one.
 */
export const deviceConformance =
  (device: Device, options: ConformanceOptions = {}): Task<ConformanceReport> =>
  async () => {
    // Object.keys of a record over the union are its members; the compiler only knows strings.
    const { primitives = Object.keys(instances) as readonly PrimitiveName[] } = options
    const agreed: PrimitiveName[] = []
    const unsupported: PrimitiveName[] = []
    const mismatches: ConformanceMismatch[] = []
    for (const primitive of primitives) {
      const result = await checkOne(device, primitive, options)
      if (result === 'agreed') agreed.push(primitive)
      else if (result === 'unsupported') unsupported.push(primitive)
      else mismatches.push(result)
    }
    return { device: device.name, agreed, mismatches, unsupported }
  }

/**
 * Runs one of the `sizedPrograms` on a device and on the reference interpreter. Answers where they differ, as a sentence; `undefined` where
 * they agree.
 */
export const sizedDifference =
  (device: Device, name: SizedName): Task<string | undefined> =>
  async () => {
    const { graph, inputs, tolerance } = sizedPrograms[name]()
    const outcome = await compare(device, graph, inputs, tolerance)
    return outcome._tag === 'agreed' ? undefined : outcome._tag === 'unsupported' ? 'a primitive is not supported' : outcome.message
  }
