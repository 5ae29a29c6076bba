import { either as E } from 'fp-ts'
import { simplify } from '../../graph/simplify.js'
import type { Graph } from '../../graph/graph.js'
import { outputOf } from '../../node.js'
import type { Abstract, AnyNode, Tensor } from '../../node.js'
import { sizeOf } from '../../shape.js'
import { Refused } from '../reference/evaluation.js'
import { hostTitle, runHost } from '../reference/host.js'
import { isBrief } from './brief.js'
import type { Engine, EngineFailure, HostArray, Session } from './engine/engine.js'
import { programOf } from './program.js'
import type { Program } from './program.js'
import { partsOf } from './segments.js'
import type { Border, Segment } from './segments.js'
import type { Step, StepFailure } from './step.js'
import { arrayOf, deviceName, valueOver } from './values.js'

/** A graph with host functions, written as models between which these run. */
export interface Hosted {
  /** Nodes of all models. */
  readonly nodes: number
  readonly segments: number
  /** What runs on the host, and why. */
  readonly notes: readonly string[]
  readonly load: () => Promise<E.Either<EngineFailure, Step>>
}

/** A part that is ready to run: from the arrays of the tensors that it reads to those that it makes. */
interface Runnable {
  readonly reads: readonly Tensor[]
  readonly makes: readonly Tensor[]
  readonly run: (arrays: readonly HostArray[]) => Promise<readonly HostArray[]>
}

/** A part as it is written: models, and those in the graphs that it holds. */
interface Written {
  readonly models: readonly Program[]
  readonly notes: readonly string[]
  readonly load: (engine: Engine, sessions: Session[]) => Promise<Runnable>
}

/** Thrown within a run; `run` below makes it an error value. */
class Failed extends Error {}

const segmentPart = ({ graph, inputs, outputs }: Segment): Written => {
  const program = programOf(graph)
  return {
    models: [program],
    notes: [],
    load: async (engine, sessions) => {
      const loaded = await engine.load(program.model, program.signature, isBrief(graph))()
      if (E.isLeft(loaded)) throw new Failed(loaded.left.message)
      const session = loaded.right
      sessions.push(session)
      return {
        reads: inputs,
        makes: outputs,
        run: async (arrays) => {
          const ran = await session.run(arrays, [])()
          if (E.isLeft(ran)) throw new Failed(ran.left.message)
          return ran.right
        }
      }
    }
  }
}

/** An element of the leading axis. A copy, because the engine takes arrays and not parts of them. */
const sliceOf = (array: HostArray, slice: Abstract, position: number): HostArray => array.slice(position * sizeOf(slice.shape), (position + 1) * sizeOf(slice.shape))

const arraysOf: { readonly [D in Abstract['dtype']]: (length: number) => HostArray } = {
  f32: (length) => new Float32Array(length),
  i32: (length) => new Int32Array(length),
  u32: (length) => new Uint32Array(length),
  bool: (length) => new Uint8Array(length)
}

const borderPart = (node: Border): Written => {
  const ready = (run: Runnable['run']): Runnable => ({ reads: node.inputs, makes: node.outputs.map((_, index) => outputOf(node, index)), run })
  switch (node.primitive) {
    case 'host': {
      const { attributes } = node
      return {
        models: [],
        notes: [`${hostTitle(attributes.name)} runs on the host, between segments.`],
        load: async () =>
          ready(async (arrays) => runHost(attributes, arrays.map((array, index) => valueOver(node.inputs[index] ?? { shape: [], dtype: 'f32' }, array)), 'single').map(arrayOf))
      }
    }
    case 'cond': {
      const branches = node.attributes.branches.map(written)
      return {
        models: branches.flatMap(({ models }) => models),
        notes: ['cond is decided on the host, because a branch of it has a host function.', ...branches.flatMap(({ notes }) => notes)],
        load: async (engine, sessions) => {
          const loaded: Evaluation[] = []
          for (const branch of branches) loaded.push(await branch.load(engine, sessions))
          return ready(async ([index, ...operands]) => (await loaded[Math.min(Math.max(index?.[0] ?? 0, 0), loaded.length - 1)]?.(operands)) ?? [])
        }
      }
    }
    case 'scan': {
      const { body, constants, carries, length, reverse } = node.attributes
      const round = written(body)
      return {
        models: round.models,
        notes: [`scan goes through its ${length} steps on the host, because its body has a host function.`, ...round.notes],
        load: async (engine, sessions) => {
          const step = await round.load(engine, sessions)
          const slices = body.inputs.slice(constants + carries)
          return ready(async (arrays) => {
            const ys = node.outputs.slice(carries).map(({ shape, dtype }) => arraysOf[dtype](sizeOf(shape)))
            let carried = arrays.slice(constants, constants + carries)
            for (let round = 0; round < length; round++) {
              const position = reverse ? length - 1 - round : round
              const xs = slices.map((slice, index) => sliceOf(arrays[constants + carries + index] ?? new Float32Array(), slice, position))
              const results = await step([...arrays.slice(0, constants), ...carried, ...xs])
              carried = results.slice(0, carries)
              results.slice(carries).forEach((slice, index) => ys[index]?.set(slice, position * slice.length))
            }
            return [...carried, ...ys]
          })
        }
      }
    }
  }
}

/** A graph's outputs from its inputs. Throws `Failed` or `Refused`. */
type Evaluation = (inputs: readonly HostArray[]) => Promise<readonly HostArray[]>

interface WrittenGraph extends Omit<Written, 'load'> {
  readonly load: (engine: Engine, sessions: Session[]) => Promise<Evaluation>
}

/** For each part, the nodes that no later part reads. */
const deathsOf = (parts: readonly Runnable[], { outputs }: Graph): readonly (readonly AnyNode[])[] => {
  const last = new Map<AnyNode, number>()
  parts.forEach(({ reads, makes }, position) => [...reads, ...makes].forEach(({ node }) => last.set(node, position)))
  outputs.forEach(({ node }) => last.delete(node))
  const deaths: AnyNode[][] = parts.map(() => [])
  last.forEach((position, node) => deaths[position]?.push(node))
  return deaths
}

const written = (graph: Graph): WrittenGraph => {
  const parts = partsOf(graph).map((part) => (part._tag === 'segment' ? segmentPart(part.segment) : borderPart(part.node)))
  return {
    models: parts.flatMap(({ models }) => models),
    notes: parts.flatMap(({ notes }) => notes),
    load: async (engine, sessions) => {
      const runnables: Runnable[] = []
      for (const part of parts) runnables.push(await part.load(engine, sessions))
      const deaths = deathsOf(runnables, graph)
      return async (inputs) => {
        const values = new Map<AnyNode, (HostArray | undefined)[]>(graph.inputs.map(({ node }, index) => [node, [inputs[index]]]))
        const arrayAt = ({ node, index }: Tensor): HostArray => {
          const array = values.get(node)?.[index]
          if (array === undefined) throw new ReferenceError(`output ${index} of ${node.primitive} is used before it is computed`)
          return array
        }
        for (const [position, { reads, makes, run }] of runnables.entries()) {
          const results = await run(reads.map(arrayAt))
          makes.forEach(({ node, index }, place) => {
            const ofNode = values.get(node) ?? []
            ofNode[index] = results[place]
            values.set(node, ofNode)
          })
          deaths[position]?.forEach((node) => values.delete(node))
        }
        return graph.outputs.map(arrayAt)
      }
    }
  }
}

/** Arrays that are nothing else's: what is an input, or appears twice, is copied. */
const owned = (inputs: readonly HostArray[], outputs: readonly HostArray[]): readonly HostArray[] => {
  const taken = new Set(inputs)
  return outputs.map((array) => {
    const own = taken.has(array) ? array.slice() : array
    taken.add(own)
    return own
  })
}

const failureOf = (thrown: unknown): StepFailure => {
  if (thrown instanceof Refused) return { message: `${deviceName}: ${thrown.reason.message}`, overwritten: false }
  if (thrown instanceof Failed) return { message: thrown.message, overwritten: false }
  throw thrown
}

/**
 * Writes a graph with host functions: as few models as there can be, and between them the functions, on the host. A conditional or a loop
 * with a host function inside is itself gone through on the host. Throws `Unsupported`.
 */
export const hosted = (engine: Engine, graph: Graph): Hosted => {
  const { models, notes, load } = written(simplify(graph))
  return {
    nodes: models.reduce((sum, { nodes }) => sum + nodes, 0),
    segments: models.length,
    notes: [...new Set(notes)],
    load: async () => {
      const sessions: Session[] = []
      const release = (): void => sessions.splice(0).forEach((session) => session.release())
      try {
        const evaluate = await load(engine, sessions)
        return E.right({
          inPlace: new Set<number>(),
          run: (inputs) => async () => {
            try {
              return E.right(owned(inputs, await evaluate(inputs)))
            } catch (thrown) {
              return E.left(failureOf(thrown))
            }
          },
          release
        })
      } catch (thrown) {
        release()
        if (thrown instanceof Failed) return E.left({ message: thrown.message })
        throw thrown
      }
    }
  }
}
