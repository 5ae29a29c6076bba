import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hostValue } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'

/** A recorded case: see fixtures/torch/README.md. */
export interface TorchCase {
  readonly name: string
  readonly group: string
  readonly op: string
  readonly attrs: Readonly<Record<string, unknown>>
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly grads: readonly string[]
}

const folder = fileURLToPath(new URL('../../../../fixtures/torch/', import.meta.url))

/** All recorded cases. */
export const torchCases: readonly TorchCase[] = JSON.parse(readFileSync(`${folder}cases.json`, 'utf8'))

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** The tensors of one group, floating-point ones in double precision. */
export const torchGroup = (group: string): ReadonlyMap<string, HostValue> => {
  const bytes = readFileSync(`${folder}${group}.safetensors`)
  const length = Number(bytes.readBigUInt64LE(0))
  const header: Readonly<Record<string, Entry>> = JSON.parse(bytes.subarray(8, 8 + length).toString())
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [from, to]
          }
        ]) => {
          const content = Uint8Array.from(bytes.subarray(8 + length + from, 8 + length + to)).buffer
          return [name, decode(dtype, shape, content)]
        }
      )
  )
}

const decode = (dtype: string, shape: readonly number[], content: ArrayBuffer): HostValue => {
  if (dtype === 'F32') return hostValue('f32', shape, Float64Array.from(new Float32Array(content)))
  if (dtype === 'F64') return hostValue('f32', shape, new Float64Array(content))
  if (dtype === 'I64') return hostValue('i32', shape, Int32Array.from(new BigInt64Array(content), Number))
  if (dtype === 'U8') return hostValue('bool', shape, new Uint8Array(content))
  throw new Error(`unexpected type ${dtype}`)
}
