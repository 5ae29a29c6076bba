import { describe, expectTypeOf, test } from 'vitest'
import { add } from '@tabula/tensor'
import type { HostValue, Shape, ShapeMismatch, Tensor } from '@tabula/tensor'
import { groupNorm } from '@tabula/nn'
import { boxHead, fpn, maskConvs, maskHead, rcnn, resnet, torchvision, trainingValues, twoFc } from '../../src/index.js'
import type {
  AnchorsFit,
  Backbone,
  BoxHead,
  BoxLosses,
  ClassesFit,
  Detections,
  DoublingStrides,
  FasterRcnn,
  HeadsFit,
  ImageObjects,
  ImageTargets,
  Level,
  Losses,
  MapsOf,
  MaskRcnn,
  MaskRcnnLosses,
  PredictorFits,
  RoiHead,
  RpnFits,
  RpnLosses,
  Scalar,
  SharedChannels
} from '../../src/index.js'

const norm = groupNorm(32)
const body = resnet({ depth: 50, norm })
const pyramid = fpn(body, { channels: 256, norm })
const settings = { ...torchvision, backbone: pyramid, classes: 91 } as const

describe('levels carry channels and strides', () => {
  test('of residual networks', () => {
    expectTypeOf(body.levels).toEqualTypeOf<readonly [Level<256, 4>, Level<512, 8>, Level<1024, 16>, Level<2048, 32>]>()
    const _narrow = resnet({ depth: 18, base: 16, norm })
    expectTypeOf(_narrow.levels).toEqualTypeOf<readonly [Level<16, 4>, Level<32, 8>, Level<64, 16>, Level<128, 32>]>()
    const _short = resnet({ blocks: [1, 1, 1], block: 'bottleneck', base: 8, norm })
    expectTypeOf(_short.levels).toEqualTypeOf<readonly [Level<32, 4>, Level<64, 8>, Level<128, 16>]>()
  })

  test('of pyramids', () => {
    expectTypeOf(pyramid.levels).toEqualTypeOf<readonly [Level<256, 4>, Level<256, 8>, Level<256, 16>, Level<256, 32>, Level<256, 64>]>()
  })

  test('as far as settings are known', () => {
    const base = Number(8)
    const _any = resnet({ blocks: [1, 1], block: 'basic', base, norm })
    expectTypeOf(_any.levels).toEqualTypeOf<readonly [Level<number, 4>, Level<number, 8>]>()
    expectTypeOf(pyramid).toExtend<Backbone>()
  })

  test('so that maps of different strides do not add up', () => {
    const maps: MapsOf<typeof pyramid.levels> = pyramid as never
    expectTypeOf(maps[1]).toEqualTypeOf<Tensor<readonly ['N', 256, 'H/8', 'W/8'], 'f32'>>()
    // @ts-expect-error stride 4 and stride 8
    add(maps[0], maps[1])
  })
})

const box = boxHead(twoFc({ width: 1024 }))
const mask = maskHead(maskConvs({ norm }))
const full = rcnn({ ...settings, heads: { box, mask } })
const boxesOnly = rcnn({ ...settings, heads: { box } })

declare const quality: RoiHead<number, { readonly ages: Float32Array }, { readonly ages: HostValue<'f32'> }, { readonly loss_age: Scalar }, { readonly ages: Tensor<Shape, 'f32'> }>
const aged = rcnn({ ...settings, heads: { box, mask, quality } })
declare const batch: { readonly images: Float32Array; readonly height: number; readonly width: number }
declare const plain: ImageObjects
declare const withMasks: ImageTargets
declare const withAges: ImageTargets & { readonly ages: Float32Array }
const draw = { _tag: 'first' } as const

describe('losses, targets and results follow from the record of heads', () => {
  test('Mask R-CNN', () => {
    expectTypeOf(full).toExtend<MaskRcnn>()
    expectTypeOf<ReturnType<typeof full.train>[0]>().toEqualTypeOf<{ readonly [K in keyof MaskRcnnLosses]: Scalar }>()
    expectTypeOf<ReturnType<typeof full.infer>>().toExtend<Detections>()
    expectTypeOf(trainingValues(full.options, { ...batch, items: [withMasks] }, 5, draw).targets.mask.masks).toEqualTypeOf<HostValue<'bool'>>()
  })

  test('Faster R-CNN: no masks in, none out', () => {
    expectTypeOf(boxesOnly).toExtend<FasterRcnn>()
    expectTypeOf<keyof ReturnType<typeof boxesOnly.train>[0]>().toEqualTypeOf<keyof RpnLosses | keyof BoxLosses>()
    expectTypeOf<ReturnType<typeof boxesOnly.infer>>().not.toHaveProperty('masks')
    expectTypeOf(trainingValues(boxesOnly.options, { ...batch, items: [plain] }, 5, draw)).toHaveProperty('rpnIndex')
  })

  test('a head of the caller’s own', () => {
    expectTypeOf<keyof ReturnType<typeof aged.train>[0]>().toEqualTypeOf<keyof MaskRcnnLosses | 'loss_age'>()
    expectTypeOf<ReturnType<typeof aged.infer>['ages']>().toEqualTypeOf<Tensor<Shape, 'f32'>>()
    expectTypeOf(trainingValues(aged.options, { ...batch, items: [withAges] }, 5, draw).targets.quality.ages).toEqualTypeOf<HostValue<'f32'>>()
  })

  test('images must bring what the heads ask for', () => {
    // @ts-expect-error no masks
    trainingValues(full.options, { ...batch, items: [plain] }, 5, draw)
    // @ts-expect-error no ages
    trainingValues(aged.options, { ...batch, items: [withMasks] }, 5, draw)
  })
})

/** `BoxHead` for maps of C channels and K classes. */
type Box<C extends number, K extends number> = { readonly box: BoxHead<C, K, Losses> }

describe('what does not compile, and what the compiler says', () => {
  test('strides that do not double', () => {
    expectTypeOf<DoublingStrides<'fpn', readonly [Level<64, 4>, Level<128, 8>, Level<256, 32>]>>().toEqualTypeOf<
      ShapeMismatch<'fpn: level 2 has stride 32 where 16 is expected, twice that of level 1'>
    >()
    expectTypeOf<DoublingStrides<'fpn', typeof body.levels>>().toEqualTypeOf<unknown>()
  })

  test('levels of different channels', () => {
    expectTypeOf<SharedChannels<'rcnn', typeof body.levels>>().toEqualTypeOf<
      ShapeMismatch<'rcnn: the levels have 256 and 512 channels, but the heads they share need one number; put an fpn on the backbone'>
    >()
    expectTypeOf<SharedChannels<'rcnn', typeof pyramid.levels>>().toEqualTypeOf<unknown>()
  })

  test('a level without anchors', () => {
    // @ts-expect-error four lists for five levels
    rcnn({ ...settings, heads: { box }, anchors: { sizes: [[32], [64], [128], [256]], ratios: [1] } })
    expectTypeOf<AnchorsFit<typeof body.levels, readonly [[32], [64], [128], [256], [512]]>>().toEqualTypeOf<
      ShapeMismatch<'rcnn: anchors.sizes has 5 lists but the backbone has 4 levels, of strides 4, 8, 16, 32'>
    >()
    expectTypeOf<AnchorsFit<typeof body.levels, readonly (readonly number[])[]>>().toEqualTypeOf<unknown>()
  })

  test('heads for other channels or classes', () => {
    expectTypeOf<HeadsFit<256, Box<128, number>>>().toEqualTypeOf<ShapeMismatch<"rcnn: heads.box takes regions of 128 channels but the backbone's levels have 256">>()
    expectTypeOf<HeadsFit<256, Box<256, number>>>().toEqualTypeOf<never>()
    expectTypeOf<ClassesFit<91, Box<number, 80>>>().toEqualTypeOf<ShapeMismatch<'rcnn: heads.box predicts 80 classes but the detector has 91, the background included'>>()
    expectTypeOf<ClassesFit<91, Box<number, number>>>().toEqualTypeOf<unknown>()
  })

  test('a proposal head for other channels', () => {
    expectTypeOf<RpnFits<256, 64>>().toEqualTypeOf<ShapeMismatch<"rcnn: rpn takes maps of 64 channels but the backbone's levels have 256">>()
    expectTypeOf<RpnFits<256, 256>>().toEqualTypeOf<unknown>()
    expectTypeOf<RpnFits<256, number>>().toEqualTypeOf<unknown>()
  })

  test('a predictor of another width', () => {
    expectTypeOf<PredictorFits<1024, 512>>().toEqualTypeOf<ShapeMismatch<'boxHead: the predictor takes 512 features but the layers before it give 1024'>>()
  })
})
