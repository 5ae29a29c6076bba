import { conv2d, noNorm, normalInit, sequence } from '@tabula/nn'
import type { AnyLayer, NoLeaves, Norm, Step } from '@tabula/nn'
import { add, concatenate, expandDims, gather, matmul, mul, relu, reshape, ShapeError, sum, transpose } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { Module, Trees } from '../module.js'
import { initAll, leafAt, scopeOf } from '../module.js'
import type { LevelPrediction } from '../proposals/proposals.js'
import { patchesAround } from './patches.js'

type Real = Tensor<Shape, 'f32'>
type Integers = Tensor<Shape, 'i32'>

/** What a proposal network's head is built for. */
export interface RpnContext {
  /** Channels of every level's map. */
  readonly channels: number
  /** Anchors of a cell, on every level. */
  readonly anchors: number
}

/** The functions of a proposal network's head. */
export interface RpnFunctions {
  /** Predictions of all anchors of each level, from the levels' maps. Its parameters are in `rpn.head` of the state dict. */
  readonly module: Module<readonly Real[], readonly LevelPrediction[]>
  /**
   * The same predictions of the drawn anchors `index` `[N, S]` alone, logits `[N, S]` and deltas `[N, S, 4]`, for the loss; anchors count
   * through all levels by row, column and anchor. Where not given, they are looked up among those of all anchors.
   */
  readonly at?: (params: Trees, maps: readonly Real[], index: Integers) => LevelPrediction
}

/** The head of a proposal network as a value, for maps of `In` channels (`number`: any). */
export interface RpnHead<In extends number = number> {
  readonly kind: 'rpn head'
  readonly channels?: In
  readonly build: (context: RpnContext) => RpnFunctions
}

/** How many convolutions see each position before its anchors are judged, how wide they are, and what normalizes them. */
export interface RpnHeadOptions<P, S> {
  /** 3×3 convolutions, each followed by the norm and ReLU: 1 where not given; 2 in detectron2's recipes from scratch. */
  readonly convs?: number
  /** Channels of the convolutions: the maps' where not given. */
  readonly width?: number
  /** `noNorm` where not given, as in Detectron, detectron2 and torchvision. */
  readonly norm?: Norm<P, S>
}

/** One convolution of the head, with its norm. */
interface Convolution {
  /** The field of the head's parameters and state that the layer is given. */
  readonly field: string
  readonly layer: AnyLayer
  /** Where the convolution's own weights are. */
  readonly weights: readonly string[]
}

/** What the head consists of: convolutions with ReLU, then logits and deltas of what those give. */
interface Description {
  readonly hidden: readonly Convolution[]
  readonly logits: Convolution
  readonly deltas: Convolution
}

/** What the head computes, whatever a convolution is applied to: whole maps, or patches of them. */
const predicted = ({ hidden, logits, deltas }: Description, convolve: (by: Convolution, x: Real) => Real, x: Real): LevelPrediction => {
  const y = hidden.reduce<Real>((before, by) => relu(convolve(by, before)), x)
  return { logits: convolve(logits, y), deltas: convolve(deltas, y) }
}

/** `[N, A·k, H, W]` → `[N, H·W·A, k]`: by row, column, anchor. */
const flattened = (x: Real, anchors: number): Real => {
  const [n = 0, channels = 0, h = 0, w = 0] = x.shape
  const k = channels / anchors
  return reshape([n, h * w * anchors, k])(transpose([0, 3, 4, 1, 2])(reshape([n, anchors, k, h, w])(x)))
}

/** The head on whole maps. */
const onMaps = (description: Description, anchors: number): Module<readonly Real[], readonly LevelPrediction[]> => {
  const { hidden, logits, deltas } = description
  return {
    init: initAll({ conv: sequence(hidden.map(({ layer }): Step => layer) as readonly Step[]), [logits.field]: logits.layer, [deltas.field]: deltas.layer }),
    apply: (mode, params, state, maps) => {
      const scope = scopeOf(mode, params, state)
      const predictions = maps.map((map) => {
        const prediction = predicted(description, ({ field, layer }, x) => scope.layer(field, layer, x), map)
        const objectness = flattened(prediction.logits, anchors)
        return { logits: reshape(objectness.shape.slice(0, 2))(objectness), deltas: flattened(prediction.deltas, anchors) }
      })
      return [predictions, scope.state()]
    }
  }
}

/**
 * The head on the 3 × 3 patches around drawn anchors: a convolution of a patch at its centre is a product with its rows. So the derivative
 * costs in proportion to the anchors drawn: the loss sees 256 of an image of 268,569 at 800 × 1333.
 */
const onPatches =
  (description: Description, anchors: number) =>
  (params: Trees, maps: readonly Real[], index: Integers): LevelPrediction => {
    const [n = 0, s = 0] = index.shape
    const { patches, own } = patchesAround(maps, index, anchors)
    const convolve = ({ weights }: Convolution, x: Real): Real => {
      const weight = leafAt('rpnHead', params, [...weights, 'weight'])
      const [outputs = 0, inputs = 0, h = 0, w = 0] = weight.shape
      return add(matmul<Shape, Shape>(x, reshape([h * w * inputs, outputs])(transpose([2, 3, 1, 0])(weight))), leafAt('rpnHead', params, [...weights, 'bias']))
    }
    const { logits, deltas } = predicted(description, convolve, patches)
    const chosen = (x: Real, numbers: number): Real => sum({ axes: [2] })(mul(reshape([n, s, anchors, numbers])(x), expandDims({ axis: 3 })(own)) as Real)
    return { logits: reshape([n, s])(chosen(logits, 1)), deltas: chosen(deltas, 4) }
  }

/** A layer whose leaves are in a field. */
const inside = (name: string, of: AnyLayer): AnyLayer => sequence([[name, of]] as readonly Step[])

/** A 3×3 convolution that keeps the size and, where there is one, its norm. */
const convolved = <P, S>(inputs: number, outputs: number, norm: Norm<P, S>): AnyLayer =>
  sequence([
    ['0', conv2d(inputs, outputs, { kernel: 3, padding: 1, bias: norm.needsBias, init: normalInit(0.01) })],
    ...(norm.needsBias ? [] : [['1', norm.layer(outputs)] as const])
  ] as readonly Step[])

/**
 * The region proposal network's head, shared by all levels (Faster R-CNN §3.1): 3×3 convolutions with ReLU, then a logit and four deltas for
 * each anchor by 1×1 convolutions; all weights normal with deviation 0.01. Names are torchvision's: `conv.0.0`, `cls_logits`, `bbox_pred`, and
 * `conv.0.1` for a norm. With one convolution and no norm, the loss applies it to the surroundings of the drawn anchors only. Throws
 * `ShapeError` where `convs` is not a whole number of at least 1.
 */
export const rpnHead = <P = NoLeaves, S = NoLeaves>(options: RpnHeadOptions<P, S> = {}): RpnHead => {
  const { convs = 1, width } = options
  if (!Number.isInteger(convs) || convs < 1) throw new ShapeError({ operation: 'rpnHead', operand: 'convs', expected: 'a whole number of at least 1', found: String(convs) })
  return {
    kind: 'rpn head',
    build: ({ channels, anchors }) => {
      const outputs = width ?? channels
      const hidden = Array.from({ length: convs }, (_, k): Convolution => {
        const inputs = k === 0 ? channels : outputs
        const layer = options.norm === undefined ? convolved(inputs, outputs, noNorm) : convolved(inputs, outputs, options.norm)
        return { field: 'conv', layer: inside(String(k), layer), weights: ['conv', String(k), '0'] }
      })
      const last = (field: string, numbers: number): Convolution => ({ field, layer: conv2d(outputs, numbers, { init: normalInit(0.01) }), weights: [field] })
      const description: Description = { hidden, logits: last('cls_logits', anchors), deltas: last('bbox_pred', 4 * anchors) }
      // Further 3×3 convolutions see beyond a patch, and a norm sees all cells.
      const local = convs === 1 && (options.norm?.needsBias ?? true)
      return { module: onMaps(description, anchors), ...(local ? { at: onPatches(description, anchors) } : {}) }
    }
  }
}

/** Predictions of drawn anchors, numbered through all levels, among those of all anchors. */
export const predictionsAt = (levels: readonly LevelPrediction[], index: Integers): LevelPrediction => {
  const at = { axis: 1, batchDims: 1 }
  return {
    logits: gather(index, at)(concatenate({ axis: 1 })<Shape, 'f32'>(levels.map(({ logits }) => logits))),
    deltas: gather(index, at)(concatenate({ axis: 1 })<Shape, 'f32'>(levels.map(({ deltas }) => deltas)))
  }
}
