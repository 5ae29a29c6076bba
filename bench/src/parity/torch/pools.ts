import { maxPool2dWithIndices } from '@tabula/tensor'
import { adaptiveAveragePool2d, averagePool2d, interpolate } from '@tabula/nn'
import type { InterpolateOptions } from '@tabula/nn'
import type { Arguments, Operations } from './recorded.js'
import { elementwise, sums } from './recorded.js'

const resizing = (args: Arguments): InterpolateOptions => {
  const mode = args.text('mode')
  if (mode !== 'nearest' && mode !== 'bilinear') throw new Error(`mode ${mode} is unknown`)
  const how = { mode, alignCorners: args.truth('align_corners'), antialias: args.truth('antialias') } as const
  return args.has('size')
    ? { ...how, size: args.pair('size') }
    : { ...how, scaleFactor: args.pair('scale_factor'), recomputeScaleFactor: args.truth('recompute_scale_factor') }
}

/** Groups `pool` and `upsample`. */
export const pools: Operations = {
  max_pool2d: elementwise(({ floats, args }) => {
    const { values, indices } = maxPool2dWithIndices({
      kernel: args.pair('kernel'),
      stride: args.pair('stride'),
      padding: args.pair('padding', 0),
      dilation: args.pair('dilation', 1),
      ceilMode: args.truth('ceil_mode')
    })(floats('x'))
    return { y: values, indices }
  }),
  avg_pool2d: elementwise(({ floats, args }) =>
    averagePool2d({
      kernel: args.pair('kernel'),
      stride: args.pair('stride'),
      padding: args.pair('padding', 0),
      ceilMode: args.truth('ceil_mode'),
      countIncludePad: args.truth('count_include_pad')
    })(floats('x'))
  ),
  adaptive_avg_pool2d: elementwise(({ floats, args }) => adaptiveAveragePool2d({ size: args.pair('size') })(floats('x'))),
  interpolate: sums(({ floats, args }) => interpolate(resizing(args))(floats('x')))
}
