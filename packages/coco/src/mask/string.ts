import { either as E } from 'fp-ts'
import type { Rle, MaskError } from './rle.js'
import { maskError } from './rle.js'

/** COCO's compressed string of run lengths (`rleToString`): differences to the run before last, five bits a character. */
export const toCompressedString = ({ counts }: Rle): string => {
  const characters: number[] = []
  counts.forEach((count, index) => {
    let x = index > 2 ? count - (counts[index - 2] ?? 0) : count
    let more = true
    while (more) {
      let c = x & 0x1f
      x >>= 5
      more = (c & 0x10) !== 0 ? x !== -1 : x !== 0
      if (more) c |= 0x20
      characters.push(c + 48)
    }
  })
  let text = ''
  for (const character of characters) text += String.fromCharCode(character)
  return text
}

/** Run lengths of a compressed string. `Left` where it is malformed or does not fill `height` × `width` pixels exactly. */
export const fromCompressedString = (text: string, height: number, width: number): E.Either<MaskError, Rle> => {
  const counts: number[] = []
  const pixels = height * width
  let total = 0
  for (let position = 0; position < text.length; ) {
    let x = 0
    for (let digit = 0; ; digit++) {
      const code = text.charCodeAt(position++) - 48
      if (!(code >= 0 && code < 64)) return E.left(maskError('characters from 0 to o, whole numbers', position > text.length ? 'a number cut off at the end' : `character ${JSON.stringify(text[position - 1])} at ${position - 1}`))
      if (digit > 6) return E.left(maskError('numbers below 2^31', `a longer one at ${position - 1}`))
      x += (code & 0x1f) * 2 ** (5 * digit)
      if ((code & 0x20) === 0) {
        if ((code & 0x10) !== 0) x -= 2 ** (5 * (digit + 1))
        break
      }
    }
    if (counts.length > 2) x += counts[counts.length - 2] ?? 0
    if (x < 0 || x > pixels) return E.left(maskError(`run lengths from 0 to ${pixels}`, String(x)))
    counts.push(x)
    total += x
    if (total > pixels) return E.left(maskError(`runs that sum to ${height} × ${width} = ${pixels}`, `more than ${pixels}`))
  }
  return total === pixels ? E.right({ height, width, counts: Uint32Array.from(counts) }) : E.left(maskError(`runs that sum to ${height} × ${width} = ${pixels}`, String(total)))
}

/** Run lengths of an uncompressed list. `Left` where they do not fill the mask exactly. */
export const fromCounts = (counts: readonly number[], height: number, width: number): E.Either<MaskError, Rle> => {
  const bad = counts.find((run) => !Number.isInteger(run) || run < 0)
  if (bad !== undefined) return E.left(maskError('non-negative integers', String(bad)))
  const total = counts.reduce((sum, run) => sum + run, 0)
  return total === height * width
    ? E.right({ height, width, counts: Uint32Array.from(counts) })
    : E.left(maskError(`runs that sum to ${height} × ${width} = ${height * width}`, String(total)))
}
