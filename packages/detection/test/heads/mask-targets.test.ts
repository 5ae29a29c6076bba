import { describe, expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { compile, floats, integers, key, showError } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { frozenBatchNorm, noNorm } from '@tabula/nn'
import { boxHead, fpn, maskConvs, maskHead, maskTargets, rcnn, resnet, torchvision, trainingValues, twoFc } from '../../src/index.js'

const model = rcnn({
  ...torchvision,
  backbone: fpn(resnet({ blocks: [1, 1, 1, 1], block: 'bottleneck', base: 4, norm: frozenBatchNorm() }), { channels: 8, norm: noNorm }),
  classes: 3,
  heads: { box: boxHead(twoFc({ width: 8 })), mask: maskHead(maskConvs({ convs: 1, channels: 8, norm: noNorm })) }
})

const [height, width] = [20, 24]

/** One object that fills its image, in an image padded to `side` pixels: the targets of a region up to the image's edges. */
const targetsAtTheEdge = async (side: number): Promise<ArrayLike<number>> => {
  const item = { height, width, boxes: Float32Array.of(0, 0, width, height), labels: Int32Array.of(1), masks: new Uint8Array(height * width).fill(1) }
  const batch = trainingValues(model.options, { images: new Float32Array(3 * side * side), height: side, width: side, items: [item] }, 1, { _tag: 'random', key: key(1) })
  const regions = {
    boxes: floats([1, 4], [6, 5, width, height]),
    image: integers([1], [0]),
    labels: integers([1], [1]),
    maskRow: integers([1], [0]),
    positive: floats([1], [1])
  }
  const inputs: { readonly regions: typeof regions; readonly masks: HostValue<'bool'> } = { regions, masks: batch.targets.mask.masks }
  const compiled = await compile(referenceDevice())((args) => maskTargets(args.regions, args.masks, 28), inputs)()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const ran = await compiled.right.run(inputs)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  return ran.right.data
}

describe('mask targets of an object that reaches the edge of its image', () => {
  test.each([32, 64])('do not fade toward the padding of a batch of %i pixels', async (side) => {
    const targets = await targetsAtTheEdge(side)
    expect(targets).toHaveLength(28 * 28)
    expect(Math.min(...Array.from(targets))).toBeCloseTo(1, 6)
  })
})
