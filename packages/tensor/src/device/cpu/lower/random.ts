import { sizeOf } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { bytesOf } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { low32 } from './elementwise.js'
import { dimensionsOf, plainly, plainValue, withDimensions } from './lowered.js'
import { operandAt, outputAt } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Rotations of Threefry-2x32, by round modulo 8 (Salmon et al. 2011, table 2). */
const rotations = [13, 15, 26, 6, 17, 29, 16, 24]
/** The parity of the key schedule. */
const parity = 0x1bd1_1bda

/** One block of Threefry-2x32-20 for every pair of counters; words are int64 values below 2³². */
const threefry = (builder: OnnxBuilder, key: readonly [string, string], counter: readonly [string, string]): readonly [string, string] => {
  const cast = (x: string, type: 'int64' | 'uint32'): string => builder.op('Cast', [x], { to: dataTypeCode[type] })
  const sum = (a: string, b: string): string => low32(builder, builder.op('Add', [a, b]))
  const xor = (a: string, b: string): string => builder.op('BitwiseXor', [a, b])
  const rotated = (x: string, by: number): string => {
    const bits = cast(x, 'uint32')
    const shifted = (direction: 'LEFT' | 'RIGHT', amount: number): string =>
      builder.op('BitShift', [bits, builder.initializer('uint32', [1], bytesOf('uint32', [amount]))], { direction })
    return cast(builder.op('BitwiseOr', [shifted('LEFT', by), shifted('RIGHT', 32 - by)]), 'int64')
  }
  const keys = [key[0], key[1], xor(xor(key[0], key[1]), builder.ints([parity]))]
  const injected = (group: number): string => keys[group % 3] ?? key[0]
  let x = sum(counter[0], injected(0))
  let y = sum(counter[1], injected(1))
  for (let round = 0; round < 20; round++) {
    x = sum(x, y)
    y = xor(rotated(y, rotations[round % 8] ?? 0), x)
    if (round % 4 === 3) {
      const group = (round + 1) / 4
      x = sum(x, injected(group))
      y = sum(sum(y, injected(group + 1)), builder.ints([group]))
    }
  }
  return [x, y]
}

/** Element i is both words of the block of counter i, combined by exclusive or, as JAX with `jax_threefry_partitionable`. */
export const randomBits: Lowering<'randomBits'> = ({ builder }, node, inputs) => {
  const output = outputAt(node)
  const size = sizeOf(output.shape)
  if (size === 0) return [plainly(builder.filled('int64', output.shape, 0), output)]
  const key = plainValue(builder, operandAt(inputs, 0))
  const word = (index: number): string => builder.op('Slice', [key, builder.ints([index]), builder.ints([index + 1])])
  const low = builder.op('Range', [builder.int(0), builder.int(size), builder.int(1)])
  const [x, y] = threefry(builder, [word(0), word(1)], [builder.ints([0]), low])
  const bits = builder.op('BitwiseXor', [x, y])
  const lowered = plainly(bits, output)
  return [{ ...lowered, value: withDimensions(builder, bits, [size], dimensionsOf(lowered)) }]
}
