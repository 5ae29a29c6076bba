import type { Abstract } from '../../../node.js'
import type { OnnxBuilder } from '../onnx/builder.js'
import { dimensionsOf, elementType, plainly, plainValue, withDimensions } from './lowered.js'
import type { Lowered } from './lowered.js'
import type { Lowering } from './lowering.js'

/** Declares an input of the loop's body. */
const parameter = (inner: OnnxBuilder, { shape, dtype }: Abstract): Lowered => {
  const x = plainly(inner.name(), { shape, dtype })
  inner.input(x.value, elementType[dtype], dimensionsOf(x))
  return x
}

/** Sizes of stacked slices as the engine's loop takes and makes them: rank 0 is held as `[1]` in the body. */
const stackOf = (length: number, slice: Abstract): readonly number[] => [length, ...dimensionsOf(plainly('', slice))]

/**
 * ONNX's `Scan`. Beside it, ORT's `Loop` with a `Gather` of each slice costs about twice as much a step, and an unrolled loop more than
 * either, both to load and to run, because slices are copied and stacked one by one.
 */
export const scan: Lowering<'scan'> = ({ builder, inline }, { attributes: { body, constants, carries, length, reverse }, outputs }, inputs) => {
  if (length === 0) {
    const passed = inputs.slice(constants, constants + carries)
    return [...passed, ...outputs.slice(carries).map((y) => plainly(builder.filled(elementType[y.dtype], y.shape, 0), y))]
  }
  if (outputs.length === 0) return []
  const values = inputs.slice(constants).map((x) => plainValue(builder, x))
  const slices = body.inputs.slice(constants + carries)
  const xs = slices.map((slice, index) => withDimensions(builder, values[carries + index] ?? '', [length, ...slice.shape], stackOf(length, slice)))
  const inner = builder.branch()
  const parameters = body.inputs.slice(constants).map((x) => parameter(inner, x))
  // The operator takes the number of steps from what it slices.
  const counter = slices.length === 0 ? [builder.filled('float', [length, 1], 0)] : []
  counter.forEach(() => parameter(inner, { shape: [1], dtype: 'f32' }))
  inline(body, [...inputs.slice(0, constants), ...parameters], inner).forEach((result) => {
    inner.output(plainValue(inner, result), inner.name(), elementType[result.dtype], dimensionsOf(plainly('', result)))
  })
  const backward = (count: number): readonly number[] => Array.from({ length: count }, () => 1)
  const scanned = [...xs, ...counter]
  const results = builder.ops('Scan', [...values.slice(0, carries), ...scanned], outputs.length, {
    num_scan_inputs: scanned.length,
    ...(reverse ? { scan_input_directions: backward(scanned.length) } : {}),
    ...(reverse && outputs.length > carries ? { scan_output_directions: backward(outputs.length - carries) } : {}),
    body: { graph: inner.graph() }
  })
  return outputs.map((output, index) => {
    const result = results[index] ?? ''
    const slice = body.outputs[index]
    if (index < carries || slice === undefined) return plainly(result, output)
    return plainly(withDimensions(builder, result, stackOf(length, slice), output.shape), output)
  })
}
