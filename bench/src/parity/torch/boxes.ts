import * as T from '@tabula/tensor'
import { anchorsFor, boxAreas, boxesOfMasks, cellAnchors, clipBoxes, convertBoxes, decodeBoxes, encodeBoxes, hasSides, largestGrowth, match, overlapsOf, pairwiseGiou, pairwiseIou } from '@tabula/detection'
import type { BoxFormat, CoderWeights } from '@tabula/detection'
import type { Arguments, Floats, Integers, Operation, Operations, Recorded } from './recorded.js'
import { elementwise, floats as constants, integers as whole } from './recorded.js'

/** A batch of one. */
const batched = (boxes: Floats): Floats => T.expandDims({ axis: 0 })(boxes)
const single = (x: Floats): Floats => T.squeeze({ axis: 0 })(x)

const iou = (a: Floats, b: Floats): Floats => single(pairwiseIou(batched(a), batched(b)))

const coder = (args: Arguments): CoderWeights => {
  const [x = 1, y = 1, w = 1, h = 1] = args.list('weights', [1, 1, 1, 1])
  return [x, y, w, h]
}

/** For each box the ground truth it overlaps most, −1 for background, −2 for what lies between the thresholds. */
const matches = ({ host, args }: Recorded): Integers => {
  const [truths, boxes] = [host('gt').data, host('boxes').data]
  const precision = boxes instanceof Float64Array ? 'double' : 'single'
  const options = { thresholds: [args.number('low'), args.number('high')], labels: [0, -1, 1], lowQuality: args.truth('allow_low_quality_matches') } as const
  const { matched, labels } = match(overlapsOf(truths, boxes, { precision }), options)
  return whole([labels.length], Array.from(labels, (label, index) => (label === 1 ? (matched[index] ?? 0) : label === 0 ? -1 : -2)))
}

const format = (name: string): BoxFormat => {
  if (name === 'xyxy' || name === 'xywh' || name === 'cxcywh') return name
  throw new Error(`the box format ${name} is unknown`)
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
  generalized_box_iou: elementwise(({ floats }) => single(pairwiseGiou(batched(floats('a')), batched(floats('b'))))),
  box_area: elementwise(({ floats }) => T.squeeze({ axis: 1 })(boxAreas(floats('a')))),
  clip_boxes_to_image: elementwise(({ floats, args }) => single(clipBoxes(batched(floats('a')), constants([1, 2], args.list('size'))))),
  remove_small_boxes: {
    ...elementwise(({ floats, args }) => ({ keep: T.cast('i32')(hasSides(batched(floats('a')), args.number('min_size'))) })),
    finish: ({ keep }) => {
      const kept = Array.from(keep?.data ?? [], (truth: number, index) => (truth === 0 ? -1 : index)).filter((index) => index >= 0)
      return { keep: T.integers([kept.length], kept) }
    }
  },
  box_convert: elementwise(({ floats, args }) => convertBoxes({ from: format(args.text('in_fmt')), to: format(args.text('out_fmt')) })(floats('a'))),
  masks_to_boxes: elementwise(({ truths }) => boxesOfMasks(truths('m'))),
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
