import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { either as E, taskEither as TE } from 'fp-ts'
import { parse } from 'opentype.js'
import type { DrawError } from './picture.js'

/** Turns text into outlines, so that pictures need no font of the machine's. */
export type LabelFont = {
  /** Width of a text in pixels at a font size. */
  readonly widthOf: (text: string, size: number) => number
  /** SVG path data of a text whose baseline starts at (x, y). */
  readonly pathOf: (text: string, x: number, y: number, size: number) => string
}

/** Reads DejaVu Sans Bold from its npm package. Read it once and pass it to the drawing functions. */
export const loadLabelFont: TE.TaskEither<DrawError, LabelFont> = TE.tryCatch(
  async () => {
    const bytes = await readFile(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'))
    const font = parse(new Uint8Array(bytes).buffer)
    return {
      widthOf: (text, size) => font.getAdvanceWidth(text, size),
      pathOf: (text, x, y, size) => font.getPath(text, x, y, size).toPathData(1)
    }
  },
  (cause): DrawError => ({
    tag: 'FontUnavailable',
    found: E.toError(cause).message,
    action: 'install the package dejavu-fonts-ttf (npm ci)'
  })
)
