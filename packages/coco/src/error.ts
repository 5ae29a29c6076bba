/** One thing wrong with a file, where, and what to do. */
export interface Problem {
  /** Path inside the file, such as `annotations[12].bbox`; empty for the file as a whole. */
  readonly path: string
  readonly expected: string
  readonly found: string
  readonly remedy: string
}

/** A file that cannot be used, with everything that is wrong with it. */
export interface CocoError {
  readonly _tag: 'CocoError'
  readonly file: string
  /** The first problems; `total` counts all. */
  readonly problems: readonly Problem[]
  readonly total: number
}

/** How many problems of one file are shown. */
const shown = 20

/** A file's problems, the first 20 kept and the rest counted. */
export const cocoError = (file: string, problems: readonly Problem[]): CocoError => ({
  _tag: 'CocoError',
  file,
  problems: problems.slice(0, shown),
  total: problems.length
})

/** The error as text for a person: a line for the file and one for each problem. */
export const formatCocoError = ({ file, problems, total }: CocoError): string => {
  const lines = problems.map(({ path, expected, found, remedy }) => `  ${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}. ${remedy}`)
  const rest = total > problems.length ? [`  … and ${total - problems.length} more.`] : []
  return [`${file}: ${total} ${total === 1 ? 'problem' : 'problems'}`, ...lines, ...rest].join('\n')
}

/** A value as it is shown in a problem: short. */
export const showValue = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : typeof value === 'bigint' ? String(value) : JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
