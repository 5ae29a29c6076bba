/** What went wrong, where, and what to do about it. */
export interface Mismatch {
  /** The operation that refused, by its public name. */
  readonly operation: string
  /** Which operand, attribute or tree path. */
  readonly operand: string
  readonly expected: string
  readonly found: string
  /** What to do about it, where `expected` does not say so. */
  readonly remedy?: string
}

const describe = ({ operation, operand, expected, found, remedy }: Mismatch): string =>
  `${operation}: ${operand}: expected ${expected}, found ${found}${remedy === undefined ? '' : `; ${remedy}`}`

/** Thrown while an expression is built whose shapes do not fit. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  readonly mismatch: Mismatch
  constructor(mismatch: Mismatch) {
    super(describe(mismatch))
    this.mismatch = mismatch
  }
}

/** Thrown while an expression is built whose element types do not fit. */
export class DtypeError extends Error {
  override readonly name = 'DtypeError'
  readonly mismatch: Mismatch
  constructor(mismatch: Mismatch) {
    super(describe(mismatch))
    this.mismatch = mismatch
  }
}

/** Thrown where two trees that should have one structure differ, or a leaf is of the wrong kind. */
export class TreeError extends Error {
  override readonly name = 'TreeError'
  readonly mismatch: Mismatch
  constructor(mismatch: Mismatch) {
    super(describe(mismatch))
    this.mismatch = mismatch
  }
}

/**
 * Thrown while a program is differentiated where a result rests on a variable, but on no way that has a derivative: the answer would
 * be a zero that nobody asked for.
 */
export class DerivativeError extends Error {
  override readonly name = 'DerivativeError'
  readonly mismatch: Mismatch
  /** The way from the result to the variable, by the names of both and of the primitives between. */
  readonly path: readonly string[]
  constructor(mismatch: Mismatch, path: readonly string[]) {
    super(describe(mismatch))
    this.mismatch = mismatch
    this.path = path
  }
}

/** A program that a device cannot compile: the program's own fault, or a limit of the device. */
export type CompileError =
  | { readonly _tag: 'IllFormedProgram'; readonly mismatch: Mismatch; readonly message: string }
  | { readonly _tag: 'Unsupported'; readonly device: string; readonly primitive: string; readonly message: string }
  | { readonly _tag: 'EngineRejected'; readonly device: string; readonly message: string }

/** A device that is missing, or that failed while it ran. */
export type DeviceError =
  | { readonly _tag: 'DeviceMissing'; readonly device: string; readonly message: string; readonly remedy: string }
  | { readonly _tag: 'WrongInputs'; readonly device: string; readonly mismatch: Mismatch; readonly message: string }
  | { readonly _tag: 'ExecutionFailed'; readonly device: string; readonly message: string }

/** A value that the reference interpreter refuses, such as an index out of range. */
export interface EvaluationError {
  readonly _tag: 'EvaluationError'
  readonly primitive: string
  readonly message: string
}

/** A failure of any stage, as a sentence. */
export const showError = (error: CompileError | DeviceError | EvaluationError): string =>
  'remedy' in error ? `${error.message} ${error.remedy}` : error.message

/** What a thrown value says: an error's message, or anything else as text. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))

/** The mismatch that a thrown `ShapeError`, `DtypeError`, `TreeError` or `DerivativeError` carries; `undefined` for any other defect. */
export const mismatchOf = (thrown: unknown): Mismatch | undefined =>
  thrown instanceof ShapeError || thrown instanceof DtypeError || thrown instanceof TreeError || thrown instanceof DerivativeError
    ? thrown.mismatch
    : undefined
