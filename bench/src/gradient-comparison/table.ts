import type { Contestant, Derivative } from './case.js'
import type { Row } from './compare.js'
import type { Verdict } from './judge.js'

const columnsOf = (contestants: readonly Contestant[]): readonly { readonly library: number; readonly derivative: Derivative }[] =>
  contestants.flatMap(({ derivatives }, library) => derivatives.map((derivative) => ({ library, derivative })))

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

/** How many derivatives of one library are right, wrong, thrown, and of operations that it lacks. */
const countsOf = (rows: readonly Row[], library: number): Readonly<Record<Verdict['_tag'], number>> => {
  const tags = rows.flatMap(({ verdicts }) => Object.values(verdicts[library] ?? {}).map(({ _tag }) => _tag))
  const count = (tag: Verdict['_tag']): number => tags.filter((one) => one === tag).length
  return { right: count('right'), wrong: count('wrong'), throws: count('throws'), none: count('none') }
}

const largestError = (rows: readonly Row[], library: number): number =>
  rows.flatMap(({ verdicts }) => Object.values(verdicts[library] ?? {})).reduce((most, verdict) => Math.max(most, verdict._tag === 'right' ? verdict.error : 0), 0)

/** The comparison as Markdown: the counts, one table for each group of cases, and the notes to which cells refer. */
export const showComparison = (contestants: readonly Contestant[], rows: readonly Row[]): string => {
  const columns = columnsOf(contestants)
  const notes: string[] = []
  const noted = (text: string): number => {
    const known = notes.indexOf(text)
    return known >= 0 ? known + 1 : notes.push(text)
  }
  const cell = (verdict: Verdict | undefined, library: string): string => {
    if (verdict === undefined) return ''
    if (verdict._tag === 'right') return '✓'
    if (verdict._tag === 'none') return '–'
    return `**${verdict._tag}** [${noted(`${library} ${verdict._tag}: ${escaped(verdict.note)}`)}]`
  }
  const heads = columns.map(({ library, derivative }) => `${(contestants[library]?.name ?? '').replace(/ \(.*/, '')} ${derivative}`)
  const tables = [...new Set(rows.map(({ group }) => group))].map((group) => {
    const body = rows
      .filter((row) => row.group === group)
      .map(({ name, verdicts }) => line([name, ...columns.map(({ library, derivative }) => cell(verdicts[library]?.[derivative], contestants[library]?.name ?? ''))]))
    return [`### ${group}`, '', line(['function', ...heads]), line(['---', ...heads.map(() => '---')]), ...body].join('\n')
  })
  const counts = contestants.map(({ name, version }, library) => {
    const { right, wrong, throws, none } = countsOf(rows, library)
    return line([`${name} ${version}`, String(right), String(wrong), String(throws), String(none), largestError(rows, library).toExponential(0)])
  })
  return [
    [line(['library', 'right', 'wrong', 'throws', 'no such operation', 'largest error of those right']), line(['---', '--:', '--:', '--:', '--:', '--:']), ...counts].join('\n'),
    ...tables,
    ['### Notes', '', ...notes.map((text, k) => `${k + 1}. ${text}`)].join('\n')
  ].join('\n\n')
}
