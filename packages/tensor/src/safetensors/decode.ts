import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { HostValue } from '../value.js'
import type { SafetensorsError } from './errors.js'
import { safetensorsError } from './errors.js'
import { readHeader } from './header.js'

/** Named values and free text, in the order of the file's header. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, HostValue>
  readonly metadata: ReadonlyMap<string, string>
}

const prefix = 8

const decodeText = (bytes: Uint8Array): Either<SafetensorsError, string> =>
  E.tryCatch(
    () => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    () => safetensorsError(undefined, 'a header in UTF-8', 'other bytes')
  )

/**
 * The values in a safetensors file (huggingface/safetensors): 8 bytes of little-endian header length, a JSON header, data.
 * `F16` and `BF16` widen to single precision, `F64` stays double, 64-bit integers must fit into 32 bits, small ones become `i32`.
 * Strict: `Left` names the tensor whose entry is truncated, overlapping, repeated or of the wrong size. Values own their memory.
 */
export const decodeSafetensors = (bytes: Uint8Array): Either<SafetensorsError, Safetensors> => {
  if (bytes.length < prefix) return E.left(safetensorsError(undefined, `at least ${prefix} bytes`, `${bytes.length}`))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = view.getBigUint64(0, true)
  const available = bytes.length - prefix
  if (headerLength > BigInt(available)) {
    return E.left(safetensorsError(undefined, `a header of ${headerLength} bytes`, `a file truncated after ${available} bytes of header`))
  }
  const dataStart = prefix + Number(headerLength)
  const text = decodeText(bytes.subarray(prefix, dataStart))
  if (E.isLeft(text)) return text
  const header = readHeader(text.right, bytes.length - dataStart)
  if (E.isLeft(header)) return header
  const tensors = new Map<string, HostValue>()
  for (const { name, format, shape, begin, end } of header.right.entries) {
    const own = new Uint8Array(end - begin)
    own.set(bytes.subarray(dataStart + begin, dataStart + end))
    const value = format.read(own.buffer, shape)
    if (E.isLeft(value)) return E.left(safetensorsError(name, value.left.expected, value.left.found))
    tensors.set(name, value.right)
  }
  return E.right({ tensors, metadata: header.right.metadata })
}
