import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { HostValue } from '../value.js'
import type { SafetensorsError } from './errors.js'
import { safetensorsError } from './errors.js'
import { formatOf } from './formats.js'
import { metadataKey } from './header.js'

const prefix = 8
const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * A safetensors file of these values. Deterministic: tensors are laid out by element size, largest first so that all are aligned,
 * then by name, whatever the order given. `Left` for the reserved name `__metadata__`.
 */
export const encodeSafetensors = (
  tensors: Iterable<readonly [string, HostValue]>,
  metadata: Iterable<readonly [string, string]> = []
): Either<SafetensorsError, Uint8Array> => {
  const sorted = [...tensors].sort((a, b) => formatOf(b[1]).bytes - formatOf(a[1]).bytes || byName(a, b))
  const fields: string[] = []
  const texts = [...metadata].sort(byName)
  const field = (name: string, content: unknown): string => `${JSON.stringify(name)}:${JSON.stringify(content)}`
  if (texts.length > 0) fields.push(`"${metadataKey}":{${texts.map(([name, text]) => field(name, text)).join(',')}}`)
  const seen = new Set<string>([metadataKey])
  let end = 0
  for (const [name, value] of sorted) {
    if (seen.has(name)) return E.left(safetensorsError(name, name === metadataKey ? 'another name' : 'each name once', name === metadataKey ? 'the reserved one' : 'a duplicate'))
    seen.add(name)
    const begin = end
    end += value.data.byteLength
    fields.push(field(name, { dtype: formatOf(value).name, shape: value.shape, data_offsets: [begin, end] }))
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`)
  const headerLength = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(prefix + headerLength + end).fill(0x20, prefix, prefix + headerLength)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true)
  bytes.set(text, prefix)
  let place = prefix + headerLength
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), place)
    place += data.byteLength
  }
  return E.right(bytes)
}
