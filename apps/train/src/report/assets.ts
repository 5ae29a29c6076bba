import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { either as E, taskEither as TE } from 'fp-ts'

/** What is put into every report: the plotting library, the page's own script, and their styles. */
export type ReportAssets = { readonly script: string; readonly style: string }

/** Why a report could not be made. */
export type ReportError = { readonly tag: 'AssetsUnavailable' | 'WriteFailed'; readonly found: string; readonly action: string }

/** Reads uPlot from its npm package and the page's script and style from this package's `assets/report`. */
export const loadReportAssets: TE.TaskEither<ReportError, ReportAssets> = TE.tryCatch(
  async () => {
    const library = (file: string): Promise<string> =>
      readFile(createRequire(import.meta.url).resolve(`uplot/dist/${file}`), 'utf8')
    const own = (file: string): Promise<string> => readFile(new URL(`../../assets/report/${file}`, import.meta.url), 'utf8')
    const [plot, plotStyle, page, pageStyle] = await Promise.all([
      library('uPlot.iife.min.js'),
      library('uPlot.min.css'),
      own('page.js'),
      own('page.css')
    ])
    // The banner is a comment with an address; the notice that the MIT licence asks for stands in its place.
    const banner = '/* uPlot, Copyright (c) Leon Sorokin, MIT License */\n'
    return { script: `${banner}${plot.replace(/^\/\*![\s\S]*?\*\//, '')}\n${page}`, style: `${plotStyle}\n${pageStyle}` }
  },
  (cause): ReportError => ({
    tag: 'AssetsUnavailable',
    found: E.toError(cause).message,
    action: 'install the package uplot (npm ci); the folder assets belongs to this package'
  })
)
