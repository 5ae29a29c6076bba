import type { HostValue } from '../../../value.js'
import { Refused } from '../../reference/evaluation.js'

/**
 * For each batch and each element of the scattered axis, where in the batch it is named: `offsets[b·size + s]` to
 * `offsets[b·size + s + 1]` in `members`, in order. Throws `Refused` for an index out of range.
 */
export const inverseIndex = ({ data }: HostValue, batch: number, count: number, size: number): readonly [HostValue, HostValue] => {
  const offsets = new Int32Array(batch * size + 1)
  data.forEach((index, position) => {
    if (index < 0 || index >= size) throw new Refused('scatterAdd', `index ${index} at flat position ${position} is not in [0, ${size})`)
    const list = Math.floor(position / count) * size + index + 1
    offsets[list] = (offsets[list] ?? 0) + 1
  })
  for (let k = 1; k < offsets.length; k++) offsets[k] = (offsets[k] ?? 0) + (offsets[k - 1] ?? 0)
  const next = offsets.slice()
  const members = new Int32Array(batch * count)
  data.forEach((index, position) => {
    const list = Math.floor(position / count) * size + index
    const place = next[list] ?? 0
    members[place] = position % count
    next[list] = place + 1
  })
  return [
    { kind: 'host', dtype: 'i32', shape: [offsets.length], data: offsets },
    { kind: 'host', dtype: 'i32', shape: [members.length], data: members }
  ]
}

/** How many pieces lists are cut into at most, where no piece has more than `most` members. */
export const mostPieces = (lists: number, members: number, most: number): number => lists + Math.floor(members / most)

/**
 * Cuts the lists of an inverse index into pieces of at most `most` members: where each list's pieces begin, `[lists + 1]`, and where in
 * `members` each piece begins, then the batch that each belongs to, `[pieces + 1 + pieces]`. Lists are `size` to a batch.
 */
export const cutLists = ({ data: offsets }: HostValue, size: number, most: number, pieces: number): readonly [HostValue, HostValue] => {
  const lists = offsets.length - 1
  const first = new Int32Array(lists + 1)
  const of = new Int32Array(2 * pieces + 1)
  let piece = 0
  for (let list = 0; list < lists; list++) {
    first[list] = piece
    const end = offsets[list + 1] ?? 0
    for (let start = offsets[list] ?? 0; start < end; start += most) {
      of[piece] = start
      of[pieces + 1 + piece] = Math.floor(list / size)
      piece++
    }
  }
  first[lists] = piece
  // What is left over begins and ends at the end.
  of.fill(offsets[lists] ?? 0, piece, pieces + 1)
  return [
    { kind: 'host', dtype: 'i32', shape: [first.length], data: first },
    { kind: 'host', dtype: 'i32', shape: [of.length], data: of }
  ]
}
