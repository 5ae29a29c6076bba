import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { either as E } from 'fp-ts'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { fromStateDict, groupNorm, sgd, toStateDict } from '@tabula/nn'
import { compile, decodeSafetensors, isHostValue, key, leavesOf, scalar, showError } from '@tabula/tensor'
import type { CompileError, Device, DeviceError, HostValue } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import { anchorsOf, boxHead, convsOneFc, fpn, maskConvs, maskHead, matchAnchors, rcnn, resnet, torchvision, totalLoss, trainingValues } from '../src/index.js'
import type { Trees } from '../src/index.js'

const folder = new URL('../../../fixtures/maskrcnn/', import.meta.url)

const recording = (name: string): ReadonlyMap<string, HostValue> => {
  const bytes = readFileSync(new URL(name, folder))
  const decoded = decodeSafetensors(name.endsWith('.gz') ? gunzipSync(bytes) : bytes)
  if (E.isLeft(decoded)) throw new Error(decoded.left.message)
  return decoded.right.tensors
}

const dataOf = (values: ReadonlyMap<string, HostValue>, name: string): HostValue => {
  const found = values.get(name)
  if (found === undefined) throw new Error(`${name} is not recorded`)
  return found
}

// The settings of group_norm.config.json.
const gn = groupNorm(4)
const model = rcnn({
  ...torchvision,
  backbone: fpn(resnet({ blocks: [1, 2, 1, 1], block: 'bottleneck', base: 8, norm: gn }), { channels: 24, norm: gn }),
  classes: 4,
  heads: { box: boxHead(convsOneFc({ convs: 2, width: 48, norm: gn })), mask: maskHead(maskConvs({ convs: 2, channels: 24, norm: gn })) },
  anchors: { ...torchvision.anchors, sizes: [[8], [16], [32], [64], [128]] },
  rpnTargets: { ...torchvision.rpnTargets, batch: 64 },
  trainProposals: { ...torchvision.trainProposals, preNms: 200, postNms: 60 },
  sampling: { ...torchvision.sampling, batch: 40, foreground: 0.25 },
  pooling: { ...torchvision.pooling, canonicalScale: 40 }
})

const inputs = recording('group_norm.eval.safetensors.gz')
const recorded = recording('group_norm.train.safetensors.gz')
const images = dataOf(inputs, 'batch')
const [, , height = 0, width = 0] = images.shape
const items = [0, 1].map((i) => {
  const masks = dataOf(recorded, `target${i}.masks`)
  return {
    height: masks.shape[1] ?? 0,
    width: masks.shape[2] ?? 0,
    boxes: Float32Array.from(dataOf(recorded, `target${i}.boxes`).data),
    labels: Int32Array.from(dataOf(recorded, `gt${i}.labels`).data),
    masks: Uint8Array.from(masks.data)
  }
})

const dict = Object.fromEntries(recording('group_norm.weights.safetensors'))
const fill = (tree: Trees): Trees => {
  const filled = fromStateDict({ ignored: () => true })(tree, dict)
  if (E.isLeft(filled)) throw new Error(filled.left.message)
  return filled.right
}
const initial = model.init(key(0))
const batch = trainingValues(model.options, { images: Float32Array.from(images.data), height, width, items }, 5, { _tag: 'first' })
const values = { params: fill(initial.params), state: fill(initial.state), batch }

const take = async <L extends CompileError | DeviceError, A>(task: () => Promise<E.Either<L, A>>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(showError(result.left))
  return result.right
}

/** Losses, gradients, and what SGD makes of the parameters and of its momenta, in one program. */
const wholeStep = async (device: Device) => {
  const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })
  const all = { ...values, optimizer: optimizer.init(values.params), learningRate: scalar(0.003) }
  const compiled = await take(
    compile(device)((args) => {
      const { auxiliary, gradient } = valueAndGradWithAux((params: Trees) => {
        const [losses] = model.train(params, args.state, args.batch)
        return [totalLoss({ ...losses }), losses] as const
      })(args.params)
      const [params, memory] = optimizer.update(gradient, args.optimizer, args.params, args.learningRate)
      return { losses: auxiliary, gradient, params, memory }
    }, all)
  )
  return take(compiled.run(all))
}

const onCpu = take(cpuDevice()).then(wholeStep)

test('anchors are labelled as in the recording', () => {
  const anchors = anchorsOf(model.options, height, width)
  items.forEach(({ boxes }, i) => {
    const { labels } = matchAnchors(anchors, boxes, model.options.rpnTargets)
    expect(Array.from(labels)).toEqual(Array.from(dataOf(recorded, `rpn.labels.${i}`).data, Number))
  })
})

test('the first step has the recorded losses (1e-4) and gradient norms (1e-3)', async () => {
  const summary: {
    readonly steps: readonly Readonly<Record<string, number>>[]
    readonly grad_l2: Readonly<Record<string, number>>
  } = JSON.parse(readFileSync(new URL('group_norm.train.json', folder), 'utf8'))
  const step = await onCpu
  const losses: Readonly<Record<string, HostValue>> = { ...step.losses }
  for (const [name, value] of Object.entries(losses)) {
    const wanted = summary.steps[0]?.[name] ?? NaN
    expect(Math.abs((Number(value.data[0]) - wanted) / wanted), name).toBeLessThan(1e-4)
  }
  expect(Object.keys(losses)).toHaveLength(5)
  const gradients = toStateDict(step.gradient)
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(summary.grad_l2).sort())
  for (const [name, wanted] of Object.entries(summary.grad_l2)) {
    const norm = Math.hypot(...Array.from(gradients[name]?.data ?? [NaN], Number))
    expect(Math.abs(norm - wanted) / wanted, name).toBeLessThan(1e-3)
  }
})

test('the whole step on gpu.js equals the CPU device: losses, gradients, parameters and momenta after SGD (1e-4)', async () => {
  const device = await take(gpujsDevice({ mode: 'webasm' }))
  const found = new Map(leavesOf(await wholeStep(device), isHostValue).map(({ path, leaf }) => [path, leaf]))
  const wanted = leavesOf(await onCpu, isHostValue)
  expect([...found.keys()]).toEqual(wanted.map(({ path }) => path))
  for (const { path, leaf } of wanted) {
    const [own, numbers] = [found.get(path)?.data ?? [], Array.from(leaf.data, Number)]
    const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    const off = numbers.reduce((most, x, index) => Math.max(most, Math.abs((own[index] ?? NaN) - x)), 0)
    expect(off / largest, path).toBeLessThan(1e-4)
  }
  device.close()
}, 300_000)
