import { describe, expect, test } from 'vitest'
import { valueAndGrad } from '@tabula/autodiff'
import { batchNorm, conv2d, groupNorm, noNorm, toStateDict, valuesOf } from '@tabula/nn'
import { concatenate, integers, key, mul, normal, reshape, slice, total, transpose } from '@tabula/tensor'
import type { HostValue, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { boxHead, fpn, initAll, predictionsAt, rcnn, resnet, rpnHead, scopeOf, torchvision, trainingValues, twoFc } from '../../src/index.js'
import type { LevelPrediction, RpnHead, Trees } from '../../src/index.js'
import { run } from '../support/run.js'

type Real = Tensor<Shape, 'f32'>
type Loss = Tensor<readonly [], 'f32'>

const [channels, anchors, images, drawn] = [3, 2, 2, 7]
const sizes = [[5, 4], [3, 2], [1, 1]] as const

/** Equal to rounding in double precision. */
const expectEqual = (found: unknown, expected: unknown): void => {
  const [a, b] = [valuesOf(found), valuesOf(expected)]
  expect(a.map(({ path }) => path)).toEqual(b.map(({ path }) => path))
  a.forEach(({ leaf }, k) => leaf.data.forEach((x, i) => expect(Number(x)).toBeCloseTo(Number(b[k]?.leaf.data[i]), 9)))
}

describe('at drawn anchors', () => {
  type Learned = { readonly params: Trees; readonly maps: readonly Real[] }
  const loss = ({ logits, deltas }: LevelPrediction, weights: Real): Loss => {
    const all = concatenate({ axis: 2 })<Shape, 'f32'>([reshape([images, drawn, 1])(logits), deltas])
    return total(mul(mul(all, all), weights))
  }

  test.each([
    ['as many channels as the maps', rpnHead()],
    ['channels of its own', rpnHead({ width: 5, norm: noNorm })]
  ])('one convolution of %s is the head everywhere, looked up, in value and derivatives', async (_name, head) => {
    const { module, at } = head.build({ channels, anchors })
    const { params, state } = module.init(key(3), 'rpn')
    const inputs: { readonly learned: { readonly params: Trees; readonly maps: readonly HostValue<'f32'>[] }; readonly state: Trees; readonly index: HostValue<'i32'>; readonly weights: HostValue<'f32'> } = {
      learned: { params, maps: sizes.map(([h, w], level) => normal(key(10 + level), [images, channels, h, w])) },
      state,
      // The first and the last anchors, corners of levels, and one drawn twice.
      index: integers([images, drawn], [0, 1, 7, 8, 53, 41, 8, 39, 38, 40, 52, 51, 3, 20]),
      weights: normal(key(20), [images, drawn, 5])
    }
    const everywhere = ({ learned, state: s, index, weights }: TensorsOf<typeof inputs>) =>
      valueAndGrad(({ params: p, maps }: Learned) => loss(predictionsAt(module.apply('train', p, s, maps)[0], index), weights))(learned)
    const drawnOnly = ({ learned, index, weights }: TensorsOf<typeof inputs>) =>
      valueAndGrad(({ params: p, maps }: Learned) => {
        if (at === undefined) throw new Error('expected a head that can be applied to patches')
        return loss(at(p, maps, index), weights)
      })(learned)
    expectEqual(await run(drawnOnly, inputs), await run(everywhere, inputs))
  })

  test('what sees beyond a patch is computed everywhere', () => {
    for (const head of [rpnHead({ convs: 2 }), rpnHead({ norm: groupNorm(3) }), rpnHead({ norm: batchNorm() })]) expect(head.build({ channels, anchors }).at).toBeUndefined()
  })
})

test("names, shapes and initial numbers are torchvision's, with its `conv_depth` and `norm_layer`", () => {
  const dictOf = (head: RpnHead) => Object.entries(toStateDict(head.build({ channels, anchors }).module.init(key(0), 'head').params)).map(([name, { shape }]) => [name, ...shape])
  const last = (width: number) => [['cls_logits.weight', 2, width, 1, 1], ['cls_logits.bias', 2], ['bbox_pred.weight', 8, width, 1, 1], ['bbox_pred.bias', 8]]
  expect(dictOf(rpnHead())).toEqual([['conv.0.0.weight', 3, 3, 3, 3], ['conv.0.0.bias', 3], ...last(3)])
  expect(dictOf(rpnHead({ convs: 2, width: 4 }))).toEqual([['conv.0.0.weight', 4, 3, 3, 3], ['conv.0.0.bias', 4], ['conv.1.0.weight', 4, 4, 3, 3], ['conv.1.0.bias', 4], ...last(4)])
  expect(dictOf(rpnHead({ norm: groupNorm(3) }))).toEqual([['conv.0.0.weight', 3, 3, 3, 3], ['conv.0.1.weight', 3], ['conv.0.1.bias', 3], ...last(3)])
  const { data } = (rpnHead().build({ channels: 32, anchors }).module.init(key(0), 'head').params as { readonly conv: { readonly 0: { readonly 0: { readonly weight: HostValue<'f32'> } } } }).conv[0][0].weight
  expect(Math.sqrt(Array.from(data, Number).reduce((sum, x) => sum + x * x, 0) / data.length)).toBeCloseTo(0.01, 3)
})

test('a number of convolutions that is none is refused', () => {
  expect(() => rpnHead({ convs: 0 })).toThrow('rpnHead: convs: expected a whole number of at least 1, found 0')
})

describe('in a detector', () => {
  const norm = groupNorm(2)
  const modelOf = (rpn?: RpnHead) =>
    rcnn({
      ...torchvision,
      backbone: fpn(resnet({ blocks: [1, 1], block: 'basic', base: 4, norm }), { channels: 4, norm }),
      anchors: { ...torchvision.anchors, sizes: [[8], [16], [24]] },
      rpnTargets: { ...torchvision.rpnTargets, batch: 16 },
      trainProposals: { ...torchvision.trainProposals, preNms: 20, postNms: 12 },
      testProposals: { ...torchvision.testProposals, preNms: 20, postNms: 6 },
      sampling: { ...torchvision.sampling, batch: 8 },
      detections: { ...torchvision.detections, count: 4, scoreThreshold: 0 },
      classes: 3,
      ...(rpn === undefined ? {} : { rpn }),
      heads: { box: boxHead(twoFc({ size: 3, width: 8 })) }
    })
  const batch = {
    images: Float32Array.from({ length: 3 * 32 * 32 }, (_, k) => Math.sin(k / 7)),
    height: 32,
    width: 32,
    items: [{ height: 32, width: 32, boxes: Float32Array.of(4, 8, 16, 20), labels: Int32Array.of(2) }]
  }
  const trained = async (rpn?: RpnHead) => {
    const model = modelOf(rpn)
    const values = { ...model.init(key(0)), batch: trainingValues(model.options, batch, 2, { _tag: 'random', key: key(1) }) }
    return run((x) => {
      const step = valueAndGrad((params: Trees) => {
        const [losses] = model.train(params, x.state, x.batch)
        return mul(losses.loss_objectness, 1) as Loss
      })
      const [losses, state] = model.train(x.params, x.state, x.batch)
      return { losses, state, gradient: step(x.params).gradient['rpn'] as Trees }
    }, values)
  }

  /** The usual head, said by its maps alone. */
  const dense: RpnHead = { kind: 'rpn head', build: (context) => ({ module: rpnHead().build(context).module }) }

  test('the loss is the same whether the head is applied everywhere or at drawn anchors', async () => expectEqual(await trained(dense), await trained()))

  test('two convolutions, with a norm that has state, train', async () => {
    const { losses, state, gradient } = await trained(rpnHead({ convs: 2, width: 6, norm: batchNorm() }))
    for (const { leaf } of valuesOf({ losses, gradient })) expect(Array.from(leaf.data, Number).every(Number.isFinite)).toBe(true)
    const moved = valuesOf((state as { readonly rpn: unknown }).rpn)
    expect(moved.map(({ path }) => path)).toEqual(['head.conv.0.1.running_mean', 'head.conv.0.1.running_var', 'head.conv.1.1.running_mean', 'head.conv.1.1.running_var'])
    for (const { leaf } of moved) expect(Array.from(leaf.data, Number).every((x) => x !== 0 && x !== 1)).toBe(true)
    for (const { leaf } of valuesOf(gradient).filter(({ path }) => path.includes('weight') && !path.includes('bbox_pred'))) expect(Array.from(leaf.data, Number).some((x) => x !== 0)).toBe(true)
  })

  test("a head of the caller's own: objectness and deltas from one convolution, without a hidden one", async () => {
    const flat: RpnHead = {
      kind: 'rpn head',
      build: ({ channels: c, anchors: a }) => {
        const both = conv2d(c, 5 * a)
        return {
          module: {
            init: initAll({ both }),
            apply: (mode, params, state, maps) => {
              const scope = scopeOf(mode, params, state)
              const predictions = maps.map((map): LevelPrediction => {
                const [n = 0, , h = 0, w = 0] = map.shape
                const rows = reshape([n, h * w * a, 5])(transpose([0, 2, 3, 1])(scope.layer('both', both, map)))
                const columns = (start: number, limit: number): Real => slice({ axis: 2, start, limit })(rows)
                return { logits: reshape([n, h * w * a])(columns(0, 1)), deltas: columns(1, 5) }
              })
              return [predictions, scope.state()]
            }
          }
        }
      }
    }
    const { losses } = await trained(flat)
    for (const { leaf } of valuesOf(losses)) expect(Number.isFinite(leaf.data[0])).toBe(true)
  })

  test('levels of different numbers of anchors are refused, as they share the head', () => {
    const build = () => rcnn({ ...torchvision, backbone: fpn(resnet({ blocks: [1, 1], block: 'basic', base: 4, norm }), { channels: 4, norm }), anchors: { ...torchvision.anchors, sizes: [[8], [16, 20], [24]] }, classes: 3, heads: { box: boxHead(twoFc({ size: 3, width: 8 })) } })
    expect(build).toThrow('rcnn: anchors.sizes: expected as many sizes for each level, as all levels share one head, found 1, 2, 1')
  })
})
