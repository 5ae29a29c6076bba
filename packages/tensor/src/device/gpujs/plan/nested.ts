import type { Guards } from '../lower/recipe.js'
import type { Cell } from './cells.js'

/** A program that an engine can run. */
export interface Executor {
  /** The cells of the outputs, each with a reference of the caller's. The inputs' cells stay the caller's. Rejects with `Refused` or `EngineFailure`, and then has released all it made. */
  readonly run: (inputs: readonly Cell[]) => Promise<readonly Cell[]>
  /** Cells of the program's own data, which live as long as the executor is used. */
  readonly constants: () => readonly Cell[]
  /** Destroys what was fused for this program; a later run goes kernel by kernel. */
  readonly release: () => void
}

/** What the guards of a program, or of one within it, have counted. */
export interface Guarded {
  readonly total: Cell
  readonly counts: readonly { readonly cell: Cell; readonly refused: Guards['counts'][number]['refused'] }[]
}

/** An executor that may also run as a part of another's run, which then looks at what guards have counted. */
export interface Nested extends Executor {
  readonly within: (inputs: readonly Cell[], guarded: Guarded[]) => Promise<readonly Cell[]>
}
