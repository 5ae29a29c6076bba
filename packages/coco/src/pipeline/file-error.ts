import { messageOf } from '@tabula/tensor'
import type { CocoError } from '../error.js'
import { cocoError } from '../error.js'

/** An error about a file as a whole. */
export const fileError = (file: string, expected: string, found: string, remedy: string): CocoError =>
  cocoError(file, [{ path: '', expected, found, remedy }])

const codeOf = (cause: unknown): string => (cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '')

/** Why a file could not be read, as an error that says what to do. `kind` names what should be there: "an image". */
export const unreadable = (file: string, kind: string, cause: unknown): CocoError => {
  switch (codeOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return fileError(file, kind, 'no such file', 'Check the path, or restore the file.')
    case 'EISDIR':
      return fileError(file, kind, 'a folder', 'Name a file inside it.')
    case 'EACCES':
    case 'EPERM':
      return fileError(file, kind, 'a file that may not be read', 'Change its permissions.')
    default:
      return fileError(file, kind, messageOf(cause), 'Check the file and the disk it is on.')
  }
}
