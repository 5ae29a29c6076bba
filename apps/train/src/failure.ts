import type { CocoError } from '@tabula/coco'
import { formatCocoError } from '@tabula/coco'

/** Why a command ends without a result: a message for a person, and the exit code. */
export interface Failure {
  readonly _tag: 'Failure'
  /** 2 for input that must be corrected, 1 for everything else. */
  readonly exitCode: 1 | 2
  readonly message: string
}

/** Input that must be corrected; `message` names the file and field and says what to do. */
export const badInput = (message: string): Failure => ({ _tag: 'Failure', exitCode: 2, message })

/** Work that failed although the input was in order. */
export const failed = (message: string): Failure => ({ _tag: 'Failure', exitCode: 1, message })

/** A file's problems as input that must be corrected. */
export const badFile = (error: CocoError): Failure => badInput(formatCocoError(error))
