import type { Abstract } from '../../../node.js'
import type { HostValue } from '../../../value.js'
import { Refused } from '../../reference/evaluation.js'

/** Integers up to here are exact in f32. */
export const mostExactInteger = 2 ** 24

/** The numbers of a value as an engine holds them: f32. Throws `Refused` for an integer beyond 2²⁴, which f32 may not hold. */
export const toStorage = ({ dtype, data }: HostValue): Float32Array => {
  if (data instanceof Float32Array) return data
  if (dtype === 'i32' || dtype === 'u32') {
    for (const x of data) {
      if (Math.abs(x) > mostExactInteger) throw new Refused('cast', `the ${dtype} ${x} is beyond 2^24, to which gpu.js holds integers`)
    }
  }
  return Float32Array.from(data)
}

/** A host value of the type and shape that the numbers of an engine mean. */
export const fromStorage = ({ dtype, shape }: Abstract, numbers: Float32Array): HostValue => {
  switch (dtype) {
    case 'f32':
      return { kind: 'host', dtype, shape, data: numbers }
    case 'i32':
      // 2³¹ is the nearest f32 of the largest i32.
      return { kind: 'host', dtype, shape, data: Int32Array.from(numbers, (x) => Math.min(x, 0x7fff_ffff)) }
    case 'u32':
      return { kind: 'host', dtype, shape, data: Uint32Array.from(numbers) }
    case 'bool':
      return { kind: 'host', dtype, shape, data: Uint8Array.from(numbers) }
  }
}
