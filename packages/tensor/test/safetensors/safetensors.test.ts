import { test } from '@fast-check/vitest'
import { either as E } from 'fp-ts'
import * as fc from 'fast-check'
import { describe, expect } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/safetensors/index.js'
import type { HostValue } from '../../src/value.js'
import { sizeOf } from '../../src/shape.js'

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
const values: fc.Arbitrary<HostValue> = shapes.chain((shape) => {
  const length = { minLength: sizeOf(shape), maxLength: sizeOf(shape) }
  return fc.oneof(
    fc.float32Array(length).map((data): HostValue => ({ kind: 'host', dtype: 'f32', shape, data })),
    fc.float64Array(length).map((data): HostValue => ({ kind: 'host', dtype: 'f32', shape, data })),
    fc.int32Array(length).map((data): HostValue => ({ kind: 'host', dtype: 'i32', shape, data })),
    fc.uint32Array(length).map((data): HostValue => ({ kind: 'host', dtype: 'u32', shape, data })),
    fc.uint8Array({ ...length, max: 1 }).map((data): HostValue => ({ kind: 'host', dtype: 'bool', shape, data }))
  )
})
const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__')
const named = fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength: 6 })
const texts = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([name]) => name, maxLength: 3 })

const right = <A>(result: E.Either<{ readonly message: string }, A>): A => {
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}

test.prop([named, texts])('what is written is read', (tensors, metadata) => {
  const decoded = right(decodeSafetensors(right(encodeSafetensors(tensors, metadata))))
  expect(new Map(decoded.tensors)).toEqual(new Map(tensors))
  expect(new Map(decoded.metadata)).toEqual(new Map(metadata))
})

test.prop([named, texts])('bytes do not depend on the order given', (tensors, metadata) => {
  expect(encodeSafetensors([...tensors].reverse(), [...metadata].reverse())).toEqual(encodeSafetensors(tensors, metadata))
})

test('the names of object prototypes are names like any other', () => {
  const value: HostValue = { kind: 'host', dtype: 'i32', shape: [], data: Int32Array.of(5) }
  expect(right(decodeSafetensors(right(encodeSafetensors([['__proto__', value], ['constructor', value]])))).tensors.size).toBe(2)
})

const file = (header: string, data: readonly number[]): Uint8Array => {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  bytes.set(data, 8 + text.length)
  return bytes
}
const bytesOf = (array: ArrayBufferView): readonly number[] => [...new Uint8Array(array.buffer, array.byteOffset, array.byteLength)]

describe('element types that are only read', () => {
  const read = (dtype: string, count: number, data: readonly number[]) => decodeSafetensors(file(`{"x":{"dtype":"${dtype}","shape":[${count}],"data_offsets":[0,${data.length}]}}`, data))
  const numbers = (dtype: string, count: number, data: readonly number[]) => [...(right(read(dtype, count, data)).tensors.get('x')?.data ?? [])]

  test('halves', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7bff, 0x3555, 0x0400)
    expect(numbers('F16', 9, bytesOf(bits))).toEqual([1, -2, 2 ** -24, -0, Infinity, -Infinity, 65504, 0.333251953125, 2 ** -14])
    expect(numbers('F16', 1, [0, 0x7e])[0]).toBeNaN()
  })
  test('bfloat16', () => {
    expect(numbers('BF16', 3, bytesOf(Uint16Array.of(0x3f80, 0xc040, 0x7f80)))).toEqual([1, -3, Infinity])
  })
  test('64-bit integers that fit', () => {
    expect(numbers('I64', 2, bytesOf(BigInt64Array.of(-(2n ** 31n), 2n ** 31n - 1n)))).toEqual([-(2 ** 31), 2 ** 31 - 1])
  })
  test('64-bit integers that do not', () => {
    expect(read('I64', 1, bytesOf(BigInt64Array.of(2n ** 31n)))).toMatchObject({ left: { tensor: 'x', found: '2147483648' } })
  })
  test('bytes', () => {
    expect(numbers('U8', 3, [0, 7, 255])).toEqual([0, 7, 255])
  })
})

describe('refusals name the tensor', () => {
  const refusal = (header: string, data: readonly number[]) => decodeSafetensors(file(header, data))
  const entry = (name: string, begin: number, end: number, shape = '[1]', dtype = 'F32') => `"${name}":{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`
  const four = [0, 0, 0, 0]

  test.each([
    ['truncated data', `{${entry('a', 0, 4)},${entry('b', 4, 8)}}`, [...four, 0], 'b', /truncated after 5/],
    ['overlap', `{${entry('a', 0, 4)},${entry('b', 0, 4)}}`, four, 'b', /overlap/],
    ['hole', `{${entry('a', 0, 4)},${entry('b', 5, 9)}}`, [...four, 0, ...four], 'b', /hole/],
    ['size', `{${entry('a', 0, 4, '[2]')}}`, four, 'a', /8 bytes/],
    ['reversed offsets', `{${entry('a', 4, 0)}}`, four, 'a', /4 bytes/],
    ['negative offset', `{${entry('a', -4, 0)}}`, four, 'a', /data_offsets/],
    ['fractional shape', `{${entry('a', 0, 4, '[0.5]')}}`, four, 'a', /shape/],
    ['unknown type', `{${entry('a', 0, 4, '[1]', 'C64')}}`, four, 'a', /dtype/],
    ['duplicate', `{${entry('a', 0, 4)},${entry('\\u0061', 4, 8)}}`, [...four, ...four], 'a', /duplicate/],
    ['not an object', '{"a":3}', [], 'a', /object/],
    ['boolean byte', `{${entry('a', 0, 1, '[1]', 'BOOL')}}`, [2], 'a', /byte 2/],
    ['trailing bytes', `{${entry('a', 0, 4)}}`, [...four, 9], undefined, /4 bytes of data, found 5/],
    ['no JSON', '{', [], undefined, /JSON/],
    ['a list', '[]', [], undefined, /object/],
    ['metadata', '{"__metadata__":{"a":1}}', [], undefined, /string/]
  ] as const)('%s', (_name, header, data, tensor, message) => {
    const result = refusal(header, data)
    expect(result).toMatchObject({ _tag: 'Left', left: { _tag: 'SafetensorsError', tensor } })
    expect(E.isLeft(result) && result.left.message).toMatch(message)
  })

  test('a keyless brace inside a string does not confuse the search for duplicates', () => {
    expect(E.isRight(refusal(`{"__metadata__":{"a":"{\\"b\\":1}}"},${entry('{"a":', 0, 4).replace('"{"a":"', '"{\\"a\\":"')}}`, four))).toBe(true)
  })

  test.prop([named, fc.nat()])('every truncation is refused', (tensors, cut) => {
    const bytes = right(encodeSafetensors(tensors))
    expect(E.isLeft(decodeSafetensors(bytes.subarray(0, cut % bytes.length)))).toBe(true)
  })

  test('reserved and repeated names are not written', () => {
    const value: HostValue = { kind: 'host', dtype: 'i32', shape: [], data: Int32Array.of(5) }
    expect(encodeSafetensors([['__metadata__', value]])).toMatchObject({ _tag: 'Left' })
    expect(encodeSafetensors([['a', value], ['a', value]])).toMatchObject({ _tag: 'Left', left: { tensor: 'a' } })
  })
})
