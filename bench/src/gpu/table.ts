import type { PrimitiveFinding } from './conformance.js'

const pads = [22, 12, 8, 8, 9] as const

const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(pads[column] ?? 0)).join(' ').trimEnd()

/** A table of what was found in one mode: a line for each primitive or program. `where`: on the device, on the host, or some of it on each. */
export const modeTable = (findings: readonly PrimitiveFinding[]): string =>
  [
    line(['primitive', 'result', 'where', 'kernels', 'seconds']),
    ...findings.map(({ name, outcome, place, kernels, milliseconds, message }) =>
      line([name, outcome === 'differs' ? 'DIFFERS' : outcome, place, String(kernels), (milliseconds / 1000).toFixed(1), message ?? ''])
    )
  ].join('\n')

/** One line that adds up the table. */
export const sumLines = (findings: readonly PrimitiveFinding[], seconds: number): string => {
  const named = (chosen: readonly PrimitiveFinding[]): string => (chosen.length === 0 ? '' : ` (${chosen.map(({ name }) => name).join(', ')})`)
  const agreed = findings.filter(({ outcome }) => outcome === 'agreed')
  const differing = findings.filter(({ outcome }) => outcome === 'differs')
  const unsupported = findings.filter(({ outcome }) => outcome === 'unsupported')
  const hosted = agreed.filter(({ place }) => place === 'host')
  const kernels = findings.reduce((sum, finding) => sum + finding.kernels, 0)
  return `${agreed.length} agreed, of them ${hosted.length} on the host${named(hosted)}; ${differing.length} differing${named(differing)}; ${unsupported.length} unsupported${named(unsupported)}; ${kernels} kernels, ${seconds.toFixed(0)} s`
}
