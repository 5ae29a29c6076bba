import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { CompileError, DeviceError } from '../errors.js'
import { ShapeError, TreeError } from '../errors.js'
import { sameShape, showShape } from '../shape.js'
import { isHostValue, isTensor, leavesOf, mapLeaves } from '../tree.js'
import type { TensorsOf, ValuesOf } from '../tree.js'
import type { HostValue } from '../value.js'
import { hostValuesOf, traceSafely, valuesIn } from './compile.js'
import type { Device, Executable, PlanReport } from './device.js'

/** A step from one state to the next, with something to show for it. */
export type Step<State, Inputs, Output> = (state: TensorsOf<State>, inputs: TensorsOf<Inputs>) => readonly [TensorsOf<State>, Output]

/** State that advances step by step on a device. */
export interface Iteration<State, Inputs, Output> {
  /** Runs one step; a new input shape compiles a new program first. A step that fails leaves the state as it was, or says that it is lost. */
  readonly advance: (inputs: Inputs) => TE.TaskEither<CompileError | DeviceError, ValuesOf<Output>>
  /** An immutable copy of the state after the last step. */
  readonly state: TE.TaskEither<DeviceError, State>
  /** Reports of the programs compiled so far and still kept, by the shapes of their inputs. */
  readonly reports: () => ReadonlyMap<string, PlanReport>
}

/** How many programs, of one input shape each, are kept; the one unused for longest goes first. */
export interface IterateOptions {
  readonly keep?: number
}

interface Program<Output> {
  readonly executable: Executable
  readonly output: Output
}

/** The new state with its leaves in the order of the old one's, whose paths, shapes and types they must have. */
const inOrderOf = <State>(initial: State, next: TensorsOf<State>): TensorsOf<State> => {
  const leaves = new Map(leavesOf(next, isTensor).map(({ path, leaf }) => [path, leaf]))
  const ordered = mapLeaves(initial, isHostValue, ({ dtype, shape }, path) => {
    const leaf = leaves.get(path)
    const expected = `${dtype}${showShape(shape)}, as before the step`
    if (leaf === undefined) throw new TreeError({ operation: 'iterate', operand: path, expected, found: 'nothing' })
    if (leaf.dtype !== dtype || !sameShape(leaf.shape, shape)) {
      throw new ShapeError({ operation: 'iterate', operand: path, expected, found: `${leaf.dtype}${showShape(leaf.shape)}` })
    }
    leaves.delete(path)
    return leaf
  })
  const [extra] = leaves.keys()
  if (extra !== undefined) throw new TreeError({ operation: 'iterate', operand: extra, expected: 'nothing, as before the step', found: 'a tensor' })
  // The same structure with tensors of the same types at every leaf.
  return ordered as TensorsOf<State>
}

/** The structure, shapes and types of a state without its numbers, which would be kept beside the device's for as long as it advances. */
const emptied = <State>(state: State): State =>
  // A tree of the same structure, of which nothing but structure, shapes and types is used.
  mapLeaves(state, isHostValue, ({ dtype, shape }): HostValue => ({ kind: 'host', dtype, shape, data: new Float32Array() })) as State

const signature = (values: readonly HostValue[]): string => values.map(({ dtype, shape }) => `${dtype}[${shape.join(',')}]`).join(' ')

/**
 * Owns a state on a device and advances it by `step`, whose new state has the old one's structure, shapes and types. The device
 * keeps the state between steps; it leaves only as a copy, so no value that the caller holds ever changes. `Left` where the device cannot
 * hold the state; an ill-formed step is a `Left` of the first `advance`.
 */
export const iterate =
  (device: Device, { keep = 16 }: IterateOptions = {}) =>
  <State, Inputs, Output>(step: Step<State, Inputs, Output>, initial: State): TE.TaskEither<DeviceError, Iteration<State, Inputs, Output>> => {
    // What lives as long as the iteration must not close over the initial numbers.
    const template = emptied(initial)
    const leaves = hostValuesOf(template).length
    return pipe(
      device.hold(hostValuesOf(initial)),
      TE.map((held) => {
        const programs = new Map<string, Program<Output>>()
        const compileFor = (inputs: Inputs): TE.TaskEither<CompileError | DeviceError, Program<Output>> =>
          pipe(
            TE.fromEither(
              traceSafely(
                (args: TensorsOf<readonly [State, Inputs]>) => {
                  const [state, rest] = args as readonly [TensorsOf<State>, TensorsOf<Inputs>]
                  const [next, output] = step(state, rest)
                  return [inOrderOf(template, next), output] as const
                },
                [template, inputs] as const
              )
            ),
            TE.chainW(({ graph, result }) =>
              pipe(
                device.compile(graph, { state: leaves }),
                TE.map((executable) => ({ executable, output: result[1] }))
              )
            )
          )
        const programFor = (inputs: Inputs): TE.TaskEither<CompileError | DeviceError, Program<Output>> => {
          const key = signature(hostValuesOf(inputs))
          const remember = (program: Program<Output>): Program<Output> => {
            programs.delete(key)
            programs.set(key, program)
            const [oldest] = programs
            if (programs.size > keep && oldest !== undefined) {
              programs.delete(oldest[0])
              oldest[1].executable.release()
            }
            return program
          }
          const known = programs.get(key)
          return pipe(known === undefined ? compileFor(inputs) : TE.right(known), TE.map(remember))
        }
        const restore = (values: readonly HostValue[]): State => {
          let next = 0
          // The same leaves with the values that the steps have made of them.
          return mapLeaves(template, isHostValue, () => values[next++]) as State
        }
        return {
          advance: (inputs) =>
            pipe(
              programFor(inputs),
              TE.chainW(({ executable, output }) =>
                pipe(
                  executable.advance(held, hostValuesOf(inputs)),
                  TE.map((values) => valuesIn(output, values))
                )
              )
            ),
          state: pipe(held.read, TE.map(restore)),
          reports: () => new Map([...programs].map(([key, { executable }]) => [key, executable.report]))
        }
      })
    )
  }
