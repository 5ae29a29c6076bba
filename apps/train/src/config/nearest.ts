/** Edits (insertion, removal, replacement, swap of neighbours) that turn one word into another. */
const distance = (a: string, b: string): number => {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const at = (r: number, c: number): number => rows[r]?.[c] ?? Infinity
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity
      row.push(Math.min(at(i - 1, j) + 1, (row[j - 1] ?? Infinity) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1), swapped))
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? Infinity
}

const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '')

/** The candidate that a misspelled word most likely meant; `undefined` where none is close. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  const asked = plain(word)
  const ranked = candidates.map((candidate) => {
    const known = plain(candidate)
    const contained = asked.length > 2 && (known.includes(asked) || asked.includes(known))
    return { candidate, edits: contained ? Math.min(1, distance(asked, known)) : distance(asked, known) }
  })
  const best = ranked.reduce<(typeof ranked)[number] | undefined>((a, b) => (a === undefined || b.edits < a.edits ? b : a), undefined)
  return best !== undefined && best.edits <= Math.max(2, Math.floor(asked.length / 3)) ? best.candidate : undefined
}
