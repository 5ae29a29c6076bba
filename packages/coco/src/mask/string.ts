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

const badCharacter = (text: string, at: number): E.Either<MaskError, Rle> =>
  E.left(maskError('characters from 0 to o, whole numbers', at >= text.length ? 'a number cut off at the end' : `character ${JSON.stringify(text[at])} at ${at}`))

/** How many numbers a string holds: characters that none follows. */
const numbersIn = (text: string): number => {
  let count = 0
  for (let position = 0; position < text.length; position++) count += 1 - (((text.charCodeAt(position) - 48) >> 5) & 1)
  return count
}

/** Run lengths of a compressed string. `Left` where it is malformed or does not fill `height` × `width` pixels exactly. */
export const fromCompressedString = (text: string, height: number, width: number): E.Either<MaskError, Rle> => {
  const pixels = height * width
  const counts = new Uint32Array(numbersIn(text))
  let length = 0
  let total = 0
  for (let position = 0; position < text.length; ) {
    let x = 0
    let code = 0x20
    for (let shift = 0; (code & 0x20) !== 0; shift += 5) {
      code = text.charCodeAt(position) - 48
      if (!(code >= 0 && code < 64)) return badCharacter(text, position)
      position++
      if (shift > 30) return E.left(maskError('numbers below 2^31', `a longer one at ${position - 1}`))
      if (shift < 25) {
        x |= (code & 0x1f) << shift
        if ((code & 0x30) === 0x10) x -= 1 << (shift + 5)
      } else {
        // Bits beyond the 30th would overflow where they are shifted.
        x += (code & 0x1f) * 2 ** shift
        if ((code & 0x30) === 0x10) x -= 2 ** (shift + 5)
      }
    }
    if (length > 2) x += counts[length - 2] ?? 0
    if (x < 0 || x > pixels) return E.left(maskError(`run lengths from 0 to ${pixels}`, String(x)))
    counts[length++] = x
    total += x
    if (total > pixels) return E.left(maskError(`runs that sum to ${height} × ${width} = ${pixels}`, `more than ${pixels}`))
  }
  return total === pixels ? E.right({ height, width, counts }) : E.left(maskError(`runs that sum to ${height} × ${width} = ${pixels}`, String(total)))
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
