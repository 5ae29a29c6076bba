import * as T from '@tabula/tensor'
import type { Floats, Operations } from './recorded.js'
import { integers, sums } from './recorded.js'

/** Rows of [batch index, x1, y1, x2, y2] as boxes of one feature level. */
const roisOf = (rows: Floats): T.Rois => {
  const count = rows.shape[0] ?? 0
  return {
    boxes: T.slice({ axis: 1, start: 1 })(rows),
    image: T.cast('i32')(T.take({ axis: 1, index: 0 })(rows)),
    level: integers([count], new Array<number>(count).fill(0))
  }
}

/** Group `roi`. */
export const rois: Operations = {
  roi_align: sums(({ floats, args }) =>
    T.roiAlign({
      outputSize: args.pair('output_size'),
      samplingRatio: Math.max(0, args.number('sampling_ratio')),
      scales: [args.number('spatial_scale')],
      aligned: args.truth('aligned')
    })([floats('x')], roisOf(floats('rois')))
  ),
  roi_pool: { skip: 'roi_pool does not exist yet' }
}
