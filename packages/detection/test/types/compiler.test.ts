import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { typeCheck } from '../../../../scripts/type-check.mjs'

const parts = `
import { boxHead, boxPredictor, fpn, maskConvs, maskHead, rcnn, regionLayers, resnet, rpnHead, torchvision, twoFc } from '../src/index.js'
import type { Backbone, Level, RoiHead, RpnHead } from '../src/index.js'
import { groupNorm, conv2d, noNorm, sequence, flatten, linear } from '@tabula/nn'
const norm = groupNorm(32)
const body = resnet({ depth: 50, norm })
const backbone = fpn(body, { channels: 256, norm })
const box = boxHead(twoFc({ width: 1024 }))
const mask = maskHead(maskConvs({ norm }))
const good = { ...torchvision, backbone, classes: 91, rpn: rpnHead({ convs: 2, norm }), heads: { box, mask } }
`

/** Mistakes that people make, and a sentence that the compiler must answer with. */
const mistakes: readonly (readonly [mistake: string, code: string, sentence: string])[] = [
  [
    'a backbone whose strides do not double',
    `declare const odd: Backbone<readonly [Level<64, 4>, Level<128, 16>]>
     fpn(odd, { channels: 256, norm: noNorm })`,
    'fpn: level 1 has stride 16 where 8 is expected, twice that of level 0'
  ],
  ['no pyramid, so that levels differ in channels', 'rcnn({ ...good, backbone: body, anchors: { ...torchvision.anchors, sizes: [[32], [64], [128], [256]] } })', 'rcnn: the levels have 256 and 512 channels, but the heads they share need one number; put an fpn on the backbone'],
  ['anchors for a level too few', 'rcnn({ ...good, anchors: { ...torchvision.anchors, sizes: [[32], [64], [128], [256]] } })', 'rcnn: anchors.sizes has 4 lists but the backbone has 5 levels, of strides 4, 8, 16, 32, 64'],
  [
    'a mask head for other channels',
    `const narrow = regionLayers({ size: 14, channels: 64, width: 64, layer: conv2d(64, 64, { kernel: 3 }) })
     rcnn({ ...good, heads: { box, mask: maskHead(narrow) } })`,
    "rcnn: heads.mask takes regions of 64 channels but the backbone's levels have 256"
  ],
  ['a predictor that is narrower than the head before it', 'boxHead(twoFc({ width: 1024 }), { predictor: boxPredictor(512, 91) })', 'boxHead: the predictor takes 512 features but the layers before it give 1024'],
  [
    'a predictor of other classes',
    `const coco = boxHead(twoFc({ width: 1024 }), { predictor: boxPredictor(1024, 80) })
     rcnn({ ...good, classes: 91, heads: { box: coco, mask } })`,
    'rcnn: heads.box predicts 80 classes but the detector has 91, the background included'
  ],
  ['a proposal head for other channels', "declare const narrow: RpnHead<64>\nrcnn({ ...good, rpn: narrow })", "rcnn: rpn takes maps of 64 channels but the backbone's levels have 256"],
  ['no box head', 'rcnn({ ...good, heads: { mask } })', "Property 'box' is missing in type"],
  [
    'a head without targets',
    `const attributes: RoiHead<number, { readonly attributes: Uint8Array }, object, {}, {}> = {
       kind: 'roi head',
       build: () => ({ parts: {}, rows: 'positive', train: () => ({}), infer: () => ({ results: {} }) })
     }`,
    "Property 'targets' is missing in type"
  ],
  [
    'layers in a head that do not follow from one another',
    `regionLayers({ size: 7, channels: 256, width: 1024, layer: sequence([conv2d(256, 128), conv2d(256, 256), flatten, linear(12544, 1024)]) })`,
    'compose: the second layer expects 256 input channels but the first gives 128'
  ],
  ['a setting that does not exist', 'rcnn({ ...good, rpnLoss: { betta: 1 } })', "'betta' does not exist in type"]
]

const checked = typeCheck(new URL('../../', import.meta.url), [readFileSync(new URL('./mask-rcnn-fifty.ts', import.meta.url), 'utf8').replaceAll('../../src/', '../src/'), `${parts}\nexport const model = rcnn(good)`, ...mistakes.map(([, code]) => `${parts}\n${code}\nexport {}`)])

describe('what the compiler answers', () => {
  test('parts that fit compile', () => {
    expect(checked[1]?.errors).toEqual([])
  })

  test.each(mistakes.map(([mistake, , sentence], k) => ({ mistake, sentence, k })))('$mistake', ({ sentence, k }) => {
    expect(checked[k + 2]?.errors.join('\n')).toContain(sentence)
  })
})

test('Mask R-CNN with a ResNet-50, a pyramid and GroupNorm costs the compiler fewer than 5,000 instantiations', () => {
  expect(checked[0]?.errors).toEqual([])
  expect(checked[0]?.instantiations).toBeGreaterThan(0)
  expect(checked[0]?.instantiations).toBeLessThan(5_000)
})
