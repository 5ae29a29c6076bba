import { describe, expectTypeOf, test } from 'vitest'
import { fpn, resnet } from '@tabula/detection'
import type { Detections, Level, MaskRcnn, MaskRcnnLosses, RcnnValues, Scalar } from '@tabula/detection'
import { groupNorm } from '@tabula/nn'
import type { HostValue } from '@tabula/tensor'
import { model } from '../src/mask-rcnn-r50-fpn-gn.js'

describe('the type of Mask R-CNN R50-FPN-GN follows from its parts', () => {
  test('it is a Mask R-CNN, with exactly its five losses', () => {
    expectTypeOf(model).toExtend<MaskRcnn>()
    expectTypeOf<ReturnType<typeof model.train>[0]>().toEqualTypeOf<{ readonly [K in keyof MaskRcnnLosses]: Scalar }>()
    expectTypeOf<keyof MaskRcnnLosses>().toEqualTypeOf<'loss_objectness' | 'loss_rpn_box_reg' | 'loss_classifier' | 'loss_box_reg' | 'loss_mask'>()
  })

  test('detections have masks, and batches need them', () => {
    expectTypeOf<ReturnType<typeof model.infer>>().toExtend<Detections>()
    expectTypeOf<ReturnType<typeof model.options.targets>['mask']['masks']>().toEqualTypeOf<HostValue<'bool'>>()
    expectTypeOf<RcnnValues['images']>().toEqualTypeOf<HostValue<'f32'>>()
  })

  test('its pyramid has five levels of 256 channels', () => {
    const norm = groupNorm(32)
    const _pyramid = fpn(resnet({ depth: 50, norm }), { channels: 256, norm })
    expectTypeOf(_pyramid.levels).toEqualTypeOf<readonly [Level<256, 4>, Level<256, 8>, Level<256, 16>, Level<256, 32>, Level<256, 64>]>()
  })
})
