import { rename, writeFile } from 'node:fs/promises'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { loadReportAssets } from './assets.js'
import { renderReport } from './render-report.js'
import type { ReportData } from './data.js'
import type { ReportError } from './assets.js'

/** Writes the report to a file, whole or not at all. */
export const writeReport = (path: string, data: ReportData): TE.TaskEither<ReportError, void> =>
  pipe(
    loadReportAssets,
    TE.flatMap((assets) =>
      TE.tryCatch(
        async () => {
          await writeFile(`${path}.partial`, renderReport(assets, data))
          await rename(`${path}.partial`, path)
        },
        (cause): ReportError => ({ tag: 'WriteFailed', found: E.toError(cause).message, action: `make ${path} writable` })
      )
    )
  )
