/** A head of one's own: yes-or-no attributes of each object (such as "occluded"), as one more field of a Mask R-CNN. */
import { boxHead, convsOneFc, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, twoFc } from '@tabula/detection'
import type { RegionLayers, RoiHead, Scalar } from '@tabula/detection'
import { binaryCrossEntropyWithLogits, groupNorm, linear } from '@tabula/nn'
import { div, floats, gather, maximum, mul, reshape, sigmoid, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'

/** What an image must bring: 1 or 0 for each object and attribute, row by row. */
interface Item {
  readonly attributes: Uint8Array
}
interface Targets {
  /** `[N·G, A]` */
  readonly attributes: HostValue<'f32'>
}
type Losses = { readonly loss_attributes: Scalar }
interface Results {
  /** `[N, D, A]` probabilities. */
  readonly attributes: Tensor<Shape, 'f32'>
}

export const attributeHead = <In extends number, W extends number>(layers: RegionLayers<In, W>, count: number): RoiHead<In, Item, Targets, Losses, Results> => ({
  kind: 'roi head',
  targets: (items, { capacity }) => {
    const rows = new Float32Array(items.length * capacity * count)
    items.forEach(({ attributes }, i) => rows.set(attributes.subarray(0, capacity * count), i * capacity * count))
    return { attributes: floats([items.length * capacity, count], rows) }
  },
  build: ({ channels }) => {
    const head = layers.layer(channels)
    const predictor = linear(layers.width, count)
    return {
      parts: { attribute_head: head, attribute_predictor: predictor },
      rows: 'positive',
      train: (scope, { pool, positive, targets }) => {
        const features = scope.layer('attribute_head', head, pool(positive.boxes, positive.image, layers.size), { rows: positive.positive })
        const wanted = gather(positive.maskRow, { axis: 0 })(targets.attributes)
        const each = binaryCrossEntropyWithLogits({ reduction: 'none' })(scope.layer('attribute_predictor', predictor, features), wanted)
        const share = div(positive.positive, maximum(mul(total(positive.positive), count), 1))
        return { loss_attributes: total(mul(each, reshape([-1, 1])(share))) }
      },
      infer: (scope, { pool, detections, image }) => {
        const [n = 0, d = 0] = detections.scores.shape
        const features = scope.layer('attribute_head', head, pool(reshape([-1, 4])(detections.boxes), image, layers.size))
        return { results: { attributes: reshape([n, d, count])(sigmoid(scope.layer('attribute_predictor', predictor, features))) } }
      }
    }
  }
})

const norm = groupNorm(4)

/** A small Mask R-CNN of two classes of objects that also says two attributes of each. */
export const model = rcnn({
  ...torchvision,
  backbone: fpn(resnet({ blocks: [1, 1, 1], block: 'basic', base: 8, norm }), { channels: 16, norm }),
  anchors: { ...torchvision.anchors, sizes: [[12], [24], [48], [96]] },
  rpnTargets: { ...torchvision.rpnTargets, batch: 32 },
  trainProposals: { ...torchvision.trainProposals, preNms: 60, postNms: 30 },
  sampling: { ...torchvision.sampling, batch: 16 },
  pooling: { ...torchvision.pooling, canonicalScale: 48 },
  classes: 3,
  heads: {
    box: boxHead(convsOneFc({ convs: 1, width: 32, norm })),
    mask: maskHead(maskConvs({ convs: 1, channels: 16, norm })),
    attributes: attributeHead(twoFc({ width: 32 }), 2)
  }
})
