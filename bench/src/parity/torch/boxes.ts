import * as T from '@tabula/tensor'
import { anchorsFor, boxAreas, cellAnchors, clipBoxes, column, decodeBoxes, encodeBoxes, hasSides, largestGrowth, matchAnchors, pairwiseIou } from '@tabula/detection'
import type { CoderWeights } from '@tabula/detection'
import type { Arguments, Floats, Integers, Operation, Operations, Recorded } from './recorded.js'
import { elementwise, floats as constants, integers as whole } from './recorded.js'

/** A batch of one. */
const batched = (boxes: Floats): Floats => T.expandDims({ axis: 0 })(boxes)
const single = (x: Floats): Floats => T.squeeze({ axis: 0 })(x)

const iou = (a: Floats, b: Floats): Floats => single(pairwiseIou(batched(a), batched(b)))

/** IoU less the share of the smallest enclosing box that neither covers (Rezatofighi et al. 2019). */
const generalizedIou = (a: Floats, b: Floats): Floats => {
  const row = (k: number): Floats => T.transpose([1, 0])(column(b, k))
  const [x1, y1] = [T.minimum(column(a, 0), row(0)), T.minimum(column(a, 1), row(1))]
  const [x2, y2] = [T.maximum(column(a, 2), row(2)), T.maximum(column(a, 3), row(3))]
  const enclosing: Floats = T.mul(T.sub(x2, x1), T.sub(y2, y1))
  const overlap = iou(a, b)
  const areas: Floats = T.add(boxAreas(a), T.transpose([1, 0])(boxAreas(b)))
  // With i = shared / union and areas = union + shared, the union is areas / (1 + i).
  const union: Floats = T.div(areas, T.add(overlap, 1))
  return T.sub(overlap, T.div(T.sub(enclosing, union), enclosing))
}

/** Boxes between corners, corner and sides, and centre and sides. */
const converted = (boxes: Floats, from: string, to: string): Floats => {
  const [a, b, c, d] = [column(boxes, 0), column(boxes, 1), column(boxes, 2), column(boxes, 3)]
  const join = (...columns: readonly Floats[]): Floats => T.concatenate({ axis: 1 })(columns)
  const corners: Floats =
    from === 'xyxy'
      ? boxes
      : from === 'xywh'
        ? join(a, b, T.add(a, c), T.add(b, d))
        : join(T.sub(a, T.mul(c, 0.5)), T.sub(b, T.mul(d, 0.5)), T.add(a, T.mul(c, 0.5)), T.add(b, T.mul(d, 0.5)))
  const [x1, y1, x2, y2] = [column(corners, 0), column(corners, 1), column(corners, 2), column(corners, 3)]
  const [w, h]: readonly [Floats, Floats] = [T.sub(x2, x1), T.sub(y2, y1)]
  if (to === 'xyxy') return corners
  return to === 'xywh' ? join(x1, y1, w, h) : join(T.mul(T.add(x1, x2), 0.5), T.mul(T.add(y1, y2), 0.5), w, h)
}

/** The first and last column and row of each mask's true pixels. */
const boxesOfMasks = ({ truths }: Recorded): Floats => {
  const masks = truths('m')
  const [n = 0, height = 0, width = 0] = masks.shape
  const along = (axis: 1 | 2): Floats => T.reshape(axis === 2 ? [1, 1, width] : [1, height, 1])(T.iota('f32', [axis === 2 ? width : height]))
  const extreme = (axis: 1 | 2, pick: 'min' | 'max'): Floats => {
    const inside = T.select(masks, T.broadcastTo([n, height, width])(along(axis)), pick === 'min' ? Infinity : -Infinity)
    const reduce = pick === 'min' ? T.min({ axes: [1, 2] }) : T.max({ axes: [1, 2] })
    return T.expandDims({ axis: 1 })(reduce<'f32'>(inside))
  }
  return T.concatenate({ axis: 1 })([extreme(2, 'min'), extreme(1, 'min'), extreme(2, 'max'), extreme(1, 'max')])
}

const coder = (args: Arguments): CoderWeights => {
  const [x = 1, y = 1, w = 1, h = 1] = args.list('weights')
  return [x, y, w, h]
}

/** Whether some ground truth shares no area with any box. */
const overlapsNone = (truths: ArrayLike<number>, boxes: ArrayLike<number>): boolean => {
  const at = (list: ArrayLike<number>, row: number): readonly number[] => [0, 1, 2, 3].map((k) => list[4 * row + k] ?? 0)
  const meet = ([a = 0, b = 0, c = 0, d = 0]: readonly number[], [e = 0, f = 0, g = 0, h = 0]: readonly number[]): boolean =>
    Math.min(c, g) > Math.max(a, e) && Math.min(d, h) > Math.max(b, f)
  const rows = (list: ArrayLike<number>): readonly (readonly number[])[] => Array.from({ length: list.length / 4 }, (_, row) => at(list, row))
  return rows(truths).some((truth) => !rows(boxes).some((box) => meet(truth, box)))
}

/** For each box the ground truth it overlaps most, −1 below `low`, −2 below `high`; optionally each ground truth's best boxes count, too. */
const matches = ({ floats, host, args }: Recorded): Integers => {
  const count = floats('boxes').shape[0] ?? 0
  const [high, low] = [args.number('high'), args.number('low')]
  if (args.truth('allow_low_quality_matches')) {
    const perLevel = [Float32Array.from(host('boxes').data)]
    const truths = host('gt').data
    const { labels, matched } = matchAnchors({ perLevel, perCell: [1], count }, truths, { foreground: high, background: low })
    // torchvision takes every box as the best of a ground truth that none overlaps; a detector must not, so it is not in `matchAnchors`.
    const all = overlapsNone(truths, host('boxes').data)
    return whole([count], Array.from(labels, (label, index) => (all || label === 1 ? (matched[index] ?? 0) : label === 0 ? -1 : -2)))
  }
  const overlaps = iou(floats('gt'), floats('boxes'))
  const best = T.max({ axes: [0] })(overlaps)
  const refused = T.select(T.less(best, low), whole([], [-1]), whole([], [-2]))
  return T.select(T.less(best, high), refused, T.argmax({ axis: 0 })(overlaps))
}

const anchors: Operation['build'] = ({ args }) => {
  const [sizes, ratios, features] = [args.lists('sizes'), args.lists('aspect_ratios'), args.lists('feature_sizes')]
  const [height = 0, width = 0] = args.list('image_size')
  const levels = features.map(([h = 0, w = 0], level) => {
    const options = { sizes: [sizes[level] ?? []], ratios: ratios[level] ?? [] }
    return Array.from(anchorsFor(options, [[h, w]], [height, width]).perLevel[0] ?? [])
  })
  const cells = sizes.map((list, level) => cellAnchors(list, ratios[level] ?? []))
  const all = levels.flat()
  return {
    ...Object.fromEntries(cells.map((cell, level) => [`cell${level}`, constants([cell.length / 4, 4], cell)])),
    anchors: constants([all.length / 4, 4], all)
  }
}

/** Group `boxes`, but for suppression. */
export const boxes: Operations = {
  box_iou: elementwise(({ floats }) => iou(floats('a'), floats('b'))),
  generalized_box_iou: elementwise(({ floats }) => generalizedIou(floats('a'), floats('b'))),
  box_area: elementwise(({ floats }) => T.squeeze({ axis: 1 })(boxAreas(floats('a')))),
  clip_boxes_to_image: elementwise(({ floats, args }) => single(clipBoxes(batched(floats('a')), constants([1, 2], args.list('size'))))),
  remove_small_boxes: {
    ...elementwise(({ floats, args }) => ({ keep: T.cast('i32')(hasSides(batched(floats('a')), args.number('min_size'))) })),
    finish: ({ keep }) => {
      const kept = Array.from(keep?.data ?? [], (truth: number, index) => (truth === 0 ? -1 : index)).filter((index) => index >= 0)
      return { keep: T.integers([kept.length], kept) }
    }
  },
  box_convert: elementwise(({ floats, args }) => converted(floats('a'), args.text('in_fmt'), args.text('out_fmt'))),
  masks_to_boxes: elementwise(boxesOfMasks),
  box_encode: elementwise(({ floats, args }) => encodeBoxes(coder(args))(floats('reference'), floats('proposals'))),
  box_decode: elementwise(({ floats, args }) => {
    const codes = floats('codes')
    const [count = 0, numbers = 0] = codes.shape
    const decoded = decodeBoxes(coder(args), args.number('clip', largestGrowth))(T.reshape([count, numbers / 4, 4])(codes), T.reshape([count, 1, 4])(floats('boxes')))
    return T.reshape([count, numbers])(decoded)
  }),
  matcher: elementwise((recorded) => ({ iou: iou(recorded.floats('gt'), recorded.floats('boxes')), matches: matches(recorded) })),
  anchor_generator: elementwise(anchors)
}
