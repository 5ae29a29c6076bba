import * as T from '@tabula/tensor'
import { levelOfBoxes, maskTargets, poolRegions } from '@tabula/detection'
import type { LevelOptions } from '@tabula/detection'
import type { Arguments, Floats, Operations, Recorded } from './recorded.js'
import { integers, sums, truthsOf } from './recorded.js'

/** Rows of [batch index, x1, y1, x2, y2] as boxes of one feature level. */
const roisOf = (rows: Floats): T.Rois => {
  const count = rows.shape[0] ?? 0
  return {
    boxes: T.slice({ axis: 1, start: 1 })(rows),
    image: T.cast('i32')(T.take({ axis: 1, index: 0 })(rows)),
    level: integers([count], new Array<number>(count).fill(0))
  }
}

const levelOptions = (args: Arguments): LevelOptions => {
  // torchvision's own, which the levels here are computed with.
  args.only('eps', 1e-6)
  return {
    canonicalScale: args.number('canonical_scale', 224),
    canonicalLevel: args.number('canonical_level', 4),
    finestLevel: args.number('k_min'),
    levels: args.number('k_max') - args.number('k_min') + 1
  }
}

/** Operands of one name and a number, `f0`, `f1` … */
const numbered = ({ has, floats }: Recorded, name: string): readonly Floats[] => {
  const found: Floats[] = []
  for (let index = 0; has(`${name}${index}`); index++) found.push(floats(`${name}${index}`))
  return found
}

/** Group `roi`, and the mask targets that are pooled the same way. */
export const rois: Operations = {
  roi_align: sums(({ floats, args }) =>
    T.roiAlign({
      outputSize: args.pair('output_size'),
      samplingRatio: Math.max(0, args.number('sampling_ratio', -1)),
      scales: [args.number('spatial_scale', 1)],
      aligned: args.truth('aligned')
    })([floats('x')], roisOf(floats('rois')))
  ),
  multi_scale_roi_align: sums((recorded) => {
    const { args } = recorded
    args.only('aligned', false)
    // The scales are recorded too.
    args.irrelevant('image_sizes')
    const [size, width] = args.pair('output_size')
    if (width !== size) throw new Error(`argument output_size: expected a square, found ${size} by ${width}`)
    const perImage = numbered(recorded, 'boxes')
    const image = perImage.flatMap((boxes, index) => new Array<number>(boxes.shape[0] ?? 0).fill(index))
    return poolRegions(numbered(recorded, 'f'), T.concatenate({ axis: 0 })(perImage), integers([image.length], image), {
      ...levelOptions(args),
      size,
      samplingRatio: Math.max(0, args.number('sampling_ratio', -1)),
      scales: args.list('scales')
    })
  }),
  level_mapper: { accuracy: 'elementwise', singlePrecision: true, build: ({ floats, args }) => levelOfBoxes(floats('boxes'), levelOptions(args)) },
  project_masks_on_boxes: sums(({ floats, integers: indices, args }) => {
    const boxes = floats('boxes')
    const count = boxes.shape[0] ?? 0
    const rows = integers([count], new Array<number>(count).fill(0))
    const regions = { boxes, maskRow: indices('matched'), image: rows, labels: rows, positive: T.cast('f32')(T.equal(rows, 0)) }
    return maskTargets(regions, truthsOf(floats('gt_masks')), args.number('M'))
  }),
  roi_pool: { skip: 'roi_pool does not exist yet' }
}
