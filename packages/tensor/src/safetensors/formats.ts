import { either as E } from 'fp-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import type { HostValue } from '../value.js'

/** How one element type of the file is read: bytes an element takes, and the value it becomes or why it cannot. */
export interface Format {
  readonly bytes: number
  /** `buffer` holds exactly the tensor's bytes, little-endian, and belongs to the value from now on. */
  readonly read: (buffer: ArrayBuffer, shape: readonly number[]) => Either<{ readonly expected: string; readonly found: string }, HostValue>
}

const f32 = (data: Float32Array | Float64Array, shape: readonly number[]) => E.right<never, HostValue>({ kind: 'host', dtype: 'f32', shape, data })
const i32 = (data: ArrayLike<number>, shape: readonly number[]) =>
  E.right<never, HostValue>({ kind: 'host', dtype: 'i32', shape, data: data instanceof Int32Array ? data : Int32Array.from(data) })

/** IEEE half precision: 5 bits of exponent, 10 of mantissa. */
const half = (bits: number): number => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const mantissa = bits & 0x3ff
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15))
}

/** The first number that is no 32-bit integer. */
const tooLarge = (data: BigInt64Array): bigint | undefined => data.find((x) => x !== BigInt.asIntN(32, x))

/**
 * The element types that can be read. `F64` keeps double precision (as `f32` held in a `Float64Array`); 64-bit integers must fit
 * into 32 bits; small integers become `i32`.
 */
export const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  ['F64', { bytes: 8, read: (buffer, shape) => f32(new Float64Array(buffer), shape) }],
  ['F32', { bytes: 4, read: (buffer, shape) => f32(new Float32Array(buffer), shape) }],
  ['F16', { bytes: 2, read: (buffer, shape) => f32(Float32Array.from(new Uint16Array(buffer), half), shape) }],
  ['BF16', { bytes: 2, read: (buffer, shape) => f32(new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer), shape) }],
  [
    'I64',
    {
      bytes: 8,
      read: (buffer, shape) => {
        const data = new BigInt64Array(buffer)
        const outside = tooLarge(data)
        if (outside !== undefined) return E.left({ expected: 'integers of 32 bits', found: String(outside) })
        return i32(Int32Array.from(data, Number), shape)
      }
    }
  ],
  ['I32', { bytes: 4, read: (buffer, shape) => i32(new Int32Array(buffer), shape) }],
  ['I16', { bytes: 2, read: (buffer, shape) => i32(new Int16Array(buffer), shape) }],
  ['I8', { bytes: 1, read: (buffer, shape) => i32(new Int8Array(buffer), shape) }],
  ['U32', { bytes: 4, read: (buffer, shape) => E.right<never, HostValue>({ kind: 'host', dtype: 'u32', shape, data: new Uint32Array(buffer) }) }],
  ['U16', { bytes: 2, read: (buffer, shape) => i32(new Uint16Array(buffer), shape) }],
  ['U8', { bytes: 1, read: (buffer, shape) => i32(new Uint8Array(buffer), shape) }],
  [
    'BOOL',
    {
      bytes: 1,
      read: (buffer, shape) => {
        const data = new Uint8Array(buffer)
        const strange = data.find((byte) => byte > 1)
        return strange === undefined
          ? E.right({ kind: 'host', dtype: 'bool', shape, data })
          : E.left({ expected: 'bytes 0 and 1', found: `byte ${strange}` })
      }
    }
  ]
])

/** The element type under which a value is written. Values in double precision stay so. */
export const formatOf = ({ dtype, data }: HostValue): { readonly name: string; readonly bytes: number } => {
  if (dtype === 'f32') return data instanceof Float64Array ? { name: 'F64', bytes: 8 } : { name: 'F32', bytes: 4 }
  return dtype === 'bool' ? { name: 'BOOL', bytes: 1 } : { name: dtype === 'i32' ? 'I32' : 'U32', bytes: 4 }
}
