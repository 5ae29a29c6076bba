import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { HostArray, Session } from './engine/engine.js'
import type { Staged } from './stages.js'

/** Why a step failed. */
export interface StepFailure {
  readonly message: string
  /** Whether an input over which the new value was to be written may hold neither. */
  readonly overwritten: boolean
}

/** A program ready to run, as one model or several. */
export interface Step {
  /** Outputs whose spare may be the input of the same position, over which the new value is then written. */
  readonly inPlace: ReadonlySet<number>
  /** As `Session.run`. */
  readonly run: (inputs: readonly HostArray[], spares: readonly (HostArray | undefined)[]) => TE.TaskEither<StepFailure, readonly HostArray[]>
  readonly release: () => void
}

/** A program that may read its inputs after it has written its outputs. */
export const plainStep = (session: Session): Step => ({
  inPlace: new Set(),
  run: (inputs, spares) => pipe(session.run(inputs, spares), TE.mapLeft(({ message }) => ({ message, overwritten: false }))),
  release: session.release
})

/** A program of so many outputs in stages, over a session that answers those outputs that a stage computes. */
export const stagedStep = (session: Session, count: number, { stages, inPlace, unchanged }: Staged): Step => {
  const computed = Array.from({ length: count }, (_, index) => index).filter((index) => !unchanged.has(index))
  const isOverwritten = (begun: number): boolean =>
    stages.slice(0, begun).some(({ outputs }) => outputs.some(({ of, index }) => of === 'output' && inPlace.has(index)))
  return {
    inPlace: new Set([...inPlace, ...unchanged]),
    run: (inputs, spares) =>
      pipe(
        session.run(inputs, computed.map((index) => spares[index])),
        TE.bimap(
          ({ message, begun = 0 }) => ({ message, overwritten: isOverwritten(begun) }),
          (arrays) => {
            const outputs = new Map<number, HostArray>(arrays.map((array, k) => [computed[k] ?? 0, array]))
            return Array.from({ length: count }, (_, index): HostArray => {
              const input = inputs[index] ?? new Float32Array()
              return outputs.get(index) ?? (spares[index] === input ? input : input.slice())
            })
          }
        )
      ),
    release: session.release
  }
}
