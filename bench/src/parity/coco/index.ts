import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { guardedRows } from '../row.js'
import type { Row } from '../row.js'
import { evaluationRows, tinyRows } from './evaluations.js'
import { maskRows } from './masks.js'

/** Compares the mask functions and evaluations recorded in `folder`; parts whose file is not there are left out. */
export async function* cocoRows(folder: string, root: string, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const has = (file: string): boolean => existsSync(join(folder, file))
  if (has('mask_api.json')) yield* guardedRows('coco', maskRows(folder, root, wanted))
  if (has('tiny_cases.json')) yield* guardedRows('coco', tinyRows(folder, wanted))
  if (has('cases.json')) yield* guardedRows('coco', evaluationRows(folder, root, wanted))
}
