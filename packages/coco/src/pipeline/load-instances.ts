import fs from 'node:fs/promises'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { messageOf } from '@tabula/tensor'
import { decodeInstances } from '../codec/decode.js'
import type { Instances } from '../codec/instances.js'
import type { CocoError } from '../error.js'
import { showValue } from '../error.js'
import { fileError, unreadable } from './file-error.js'

const kind = 'an annotation file in COCO format'

/** Whether more text could make it JSON: its brackets or its last string are still open. */
const endsEarly = (text: string): boolean => {
  let depth = 0
  let inString = false
  for (let k = 0; k < text.length; k++) {
    const c = text[k]
    if (inString) {
      if (c === '\\') k++
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '{' || c === '[') depth++
    else if (c === '}' || c === ']') depth--
  }
  return inString || depth > 0
}

const parse = (text: string, file: string): E.Either<CocoError, unknown> =>
  E.tryCatch(
    (): unknown => JSON.parse(text),
    (cause) => {
      if (text.trim() === '') return fileError(file, kind, 'an empty file', 'Restore the file.')
      if (/^\s*[[{]/.test(text) && endsEarly(text)) {
        return fileError(file, kind, `JSON that breaks off after ${text.length} characters`, 'The file is truncated: copy or download it anew.')
      }
      return fileError(file, kind, `text that is not JSON: ${showValue(text.slice(0, 40))} (${messageOf(cause)})`, 'Give a JSON file with images, annotations and categories.')
    }
  )

/**
 * The annotation file at a path, decoded and checked. `Left` where it is missing, truncated, not JSON, or contradicts itself
 * (`decodeInstances`), with the file's name and what to do.
 */
export const loadInstances = (file: string): TE.TaskEither<CocoError, Instances> =>
  pipe(
    TE.tryCatch(
      () => fs.readFile(file, 'utf8'),
      (cause) => unreadable(file, kind, cause)
    ),
    // Some editors start UTF-8 files with a byte order mark.
    TE.flatMapEither((text) => parse(text.replace(/^\uFEFF/, ''), file)),
    TE.flatMapEither((json) => decodeInstances(json, file))
  )
