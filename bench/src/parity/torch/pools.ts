import { maxPool2dWithIndices } from '@tabula/tensor'
import { adaptiveAveragePool2d, averagePool2d, interpolate } from '@tabula/nn'
import type { InterpolateOptions } from '@tabula/nn'
import { batchOf } from './axes.js'
import type { Arguments, Operations } from './recorded.js'
import { elementwise, sums } from './recorded.js'

const modeOf = (found: string): InterpolateOptions['mode'] => {
  if (found === 'nearest' || found === 'nearest-exact' || found === 'bilinear' || found === 'bicubic' || found === 'area') return found
  throw new Error(`mode ${found} is unknown`)
}

const resizing = (args: Arguments): InterpolateOptions => {
  const mode = modeOf(args.text('mode', 'nearest'))
  const how = { mode, alignCorners: args.truth('align_corners'), antialias: args.truth('antialias') }
  if (args.has('size')) args.only('recompute_scale_factor', false)
  return args.has('size')
    ? { ...how, size: args.pair('size') }
    : { ...how, scaleFactor: args.pair('scale_factor'), recomputeScaleFactor: args.truth('recompute_scale_factor') }
}

/** Groups `pool` and `upsample`. */
export const pools: Operations = {
  max_pool2d: elementwise(({ floats, args }) => {
    const pool = maxPool2dWithIndices({
      kernel: args.pair('kernel'),
      stride: args.pair('stride', args.pair('kernel')),
      padding: args.pair('padding', 0),
      dilation: args.pair('dilation', 1),
      ceilMode: args.truth('ceil_mode')
    })
    const x = floats('x')
    return { y: batchOf(x, (maps) => pool(maps).values), indices: batchOf(x, (maps) => pool(maps).indices) }
  }),
  avg_pool2d: elementwise(({ floats, args }) => {
    args.only('divisor_override')
    return batchOf(floats('x'), (x) => averagePool2d({
      kernel: args.pair('kernel'),
      stride: args.pair('stride', args.pair('kernel')),
      padding: args.pair('padding', 0),
      ceilMode: args.truth('ceil_mode'),
      countIncludePad: args.truth('count_include_pad', true)
    })(x))
  }),
  adaptive_avg_pool2d: elementwise(({ floats, args }) => batchOf(floats('x'), adaptiveAveragePool2d({ size: args.pair('size') }))),
  interpolate: sums(({ floats, args }) => interpolate(resizing(args))(floats('x')))
}
