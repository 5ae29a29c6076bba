import { sizeOf } from '../../../shape.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { dataTypeCode } from '../onnx/schema.js'
import { plainly, plainValue } from './lowered.js'
import { operandAt, outputAt, Unsupported } from './lowering.js'
import type { Lowering } from './lowering.js'

/** Numbers in the order of x, NaN above all of them: the engine's own order breaks down at NaN, and infinities make room for it. */
const ordered = (builder: OnnxBuilder, x: string): string =>
  builder.op('Where', [builder.op('IsNaN', [x]), builder.floats([Infinity]), builder.op('Min', [x, builder.floats([3.4028234663852886e38])])])

export const topK: Lowering<'topK'> = ({ builder }, node, inputs) => {
  const [values, indices] = [outputAt(node, 0), outputAt(node, 1)]
  if (sizeOf(values.shape) === 0) return [plainly(builder.filled('float', values.shape, 0), values), plainly(builder.filled('int32', values.shape, 0), indices)]
  const x = plainValue(builder, operandAt(inputs, 0))
  // The values are read back from where they were.
  const keys = ordered(builder, x)
  const axis = values.shape.length - 1
  const [, places = ''] = builder.ops('TopK', [keys, builder.ints([node.attributes.k])], 2, { axis: -1, largest: 1, sorted: 1 })
  return [plainly(builder.op('GatherElements', [x, places], { axis }), values), plainly(builder.op('Cast', [places], { to: dataTypeCode.int32 }), indices)]
}

/** The largest single-precision number below x > 0. */
const floatBelow = (x: number): number => {
  const floats = Float32Array.of(x)
  const bits = new Uint32Array(floats.buffer)
  bits[0] = (bits[0] ?? 0) - 1
  return floats[0] ?? 0
}

export const nms: Lowering<'nms'> = ({ builder }, node, inputs) => {
  const { iouThreshold, inclusive, offset } = node.attributes
  const output = outputAt(node)
  const [images = 0, count = 0] = output.shape
  if (sizeOf(output.shape) === 0) return [plainly(builder.filled('bool', output.shape, 0), output)]
  // IoU ≥ t is IoU > the float below t.
  const threshold = inclusive ? floatBelow(Math.fround(iouThreshold)) : Math.fround(iouThreshold)
  if (!(threshold >= 0 && threshold <= 1)) throw new Unsupported('nms', `an IoU threshold of ${iouThreshold}; it must be in ${inclusive ? '(0, 1]' : '[0, 1]'}`)
  const corners = plainValue(builder, operandAt(inputs, 0))
  // Sides of x2 − x1 + 1 are those of boxes whose second corner is one further.
  const boxes = offset === 0 ? corners : builder.op('Add', [corners, builder.floats([0, 0, 1, 1])])
  const scores = builder.op('Reshape', [ordered(builder, plainValue(builder, operandAt(inputs, 1))), builder.ints([images, 1, count])])
  const selected = builder.op('NonMaxSuppression', [boxes, scores, builder.int(count), builder.floats([threshold], []), builder.floats([-Infinity], [])])
  const places = builder.op('Gather', [selected, builder.ints([0, 2])], { axis: 1 })
  const ones = builder.op('Expand', [builder.floats([1]), builder.op('Shape', [selected], { start: 0, end: 1 })])
  const keep = builder.op('ScatterND', [builder.filled('float', [images, count], 0), places, ones])
  return [plainly(builder.op('Cast', [keep], { to: dataTypeCode.bool }), output)]
}
