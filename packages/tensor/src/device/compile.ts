import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { CompileError, DeviceError } from '../errors.js'
import { mismatchOf } from '../errors.js'
import { simplify } from '../graph/simplify.js'
import { trace } from '../graph/trace.js'
import type { Traced } from '../graph/trace.js'
import { isHostValue, isTensor, leavesOf, mapLeaves } from '../tree.js'
import type { TensorsOf, ValuesOf } from '../tree.js'
import type { HostValue } from '../value.js'
import type { Device, Executable, PlanReport } from './device.js'

/** A compiled function: call it with values shaped like the example's. */
export interface Compiled<Arguments, Result> {
  readonly run: (args: Arguments) => TE.TaskEither<DeviceError, ValuesOf<Result>>
  readonly report: PlanReport
}

/**
 * Traces a program and simplifies it. `ShapeError`, `DtypeError`, `TreeError` and `DerivativeError` thrown while tracing become `Left`;
 * anything else is a defect and stays thrown.
 */
export const traceSafely = <Arguments, Result>(f: (args: TensorsOf<Arguments>) => Result, example: Arguments): E.Either<CompileError, Traced<Result>> => {
  try {
    const { graph, result } = trace(f, example)
    return E.right({ graph: simplify(graph), result })
  } catch (thrown) {
    const mismatch = mismatchOf(thrown)
    if (mismatch === undefined || !(thrown instanceof Error)) throw thrown
    return E.left({ _tag: 'IllFormedProgram', mismatch, message: thrown.message })
  }
}

/** The host values of a tree, in order. */
export const hostValuesOf = (tree: unknown): readonly HostValue[] => leavesOf(tree, isHostValue).map(({ leaf }) => leaf)

/** `result` with its tensors replaced, in order, by values. */
export const valuesIn = <Result>(result: Result, values: readonly HostValue[]): ValuesOf<Result> => {
  let next = 0
  // Every tensor became the value of its type; that is what ValuesOf states.
  return mapLeaves(result, isTensor, () => values[next++]) as ValuesOf<Result>
}

/**
 * Compiles a function of a tree of tensors for the shapes of an example. `Left` for an ill-formed program or what the device cannot
 * take. What was compiled belongs to the result; there is no cache elsewhere.
 */
export const compile =
  (device: Device) =>
  <Arguments, Result>(f: (args: TensorsOf<Arguments>) => Result, example: Arguments): TE.TaskEither<CompileError | DeviceError, Compiled<Arguments, Result>> =>
    pipe(
      TE.fromEither(traceSafely(f, example)),
      TE.chainW(({ graph, result }) =>
        pipe(
          device.compile(graph),
          TE.map((executable: Executable): Compiled<Arguments, Result> => ({
            report: executable.report,
            run: (args) =>
              pipe(
                executable.run(hostValuesOf(args)),
                TE.map((values) => valuesIn(result, values))
              )
          }))
        )
      )
    )
