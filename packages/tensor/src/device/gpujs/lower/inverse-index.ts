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
