import { foldIn, uniform } from '@tabula/tensor'
import type { Key } from '@tabula/tensor'
import type { Anchors } from '../anchors/anchors.js'
import { matchAnchors } from './match-anchors.js'
import type { ImageExtent, MatchOptions } from './match-anchors.js'
import type { BoxOffset } from '../boxes/geometry.js'

/** How anchors are drawn for the loss: at random by a key, or the first in order (for comparisons). */
export type Sampling = { readonly _tag: 'random'; readonly key: Key } | { readonly _tag: 'first' }

/** Settings of the region proposal network's targets (Faster R-CNN §3.1.3). */
export interface RpnTargetOptions extends MatchOptions {
  /** Anchors drawn from an image. */
  readonly batch: number
  /** At most this share of them is positive. */
  readonly positiveFraction: number
  /**
   * Where the negatives are drawn: among those labelled so, each once (`once`; where not given), or with replacement among all below
   * `background`, so that one that is an object's best may turn negative (`replacement`: Detectron).
   */
  readonly negatives?: 'once' | 'replacement'
  /** What losses are divided by: the anchors drawn in the batch (`drawn`: torchvision; where not given), or images · `batch` (`batch`: Detectron, detectron2). */
  readonly normalizer?: 'drawn' | 'batch'
  /** What the regression loss is divided by: as `normalizer` says where not given, or each image's part by the anchors drawn from it, and their sum by the images (`image`: Detectron). */
  readonly boxNormalizer?: 'image'
}

/** What the loss of one image needs: `batch` rows, those beyond the drawn ones with weight 0. */
export interface RpnTargets {
  readonly index: Int32Array
  readonly label: Float32Array
  /** 1 for drawn anchors. */
  readonly weight: Float32Array
  /** Regression targets, 4 a row, for positive anchors. */
  readonly box: Float32Array
  readonly drawn: number
  readonly labels: Int8Array
}

/** `count` of the candidates: the first in order, or drawn without replacement (the first steps of Fisher and Yates' shuffle). */
const choose = (candidates: readonly number[], count: number, sampling: Sampling, use: number): readonly number[] => {
  if (candidates.length <= count || sampling._tag === 'first') return candidates.slice(0, count)
  const random = uniform(foldIn(sampling.key, use), [count]).data
  const pool = [...candidates]
  for (let k = 0; k < count; k++) {
    const at = k + Math.floor((random[k] ?? 0) * (pool.length - k))
    const chosen = pool[at] ?? 0
    pool[at] = pool[k] ?? 0
    pool[k] = chosen
  }
  return pool.slice(0, count)
}

/** Detectron's negatives: drawn with replacement, where there are more than wanted, so that there may be fewer in the end. */
const withReplacement = (candidates: readonly number[], count: number, sampling: Sampling): readonly number[] => {
  if (candidates.length <= count || sampling._tag === 'first') return candidates.slice(0, count)
  const random = uniform(foldIn(sampling.key, 1), [count]).data
  return [...new Set(Array.from(random, (x) => candidates[Math.floor(x * candidates.length)] ?? 0))]
}

/**
 * Matches, draws and encodes one image's targets. Depends on ground truth and the key alone, so it belongs in the data loader. `image` is
 * asked for by `straddle` alone.
 */
export const rpnTargets = (anchors: Anchors, boxes: ArrayLike<number>, options: RpnTargetOptions, sampling: Sampling, image?: ImageExtent, offset: BoxOffset = 0): RpnTargets => {
  const { labels, matched, overlap } = matchAnchors(anchors, boxes, options, image, offset)
  const positive: number[] = []
  const negative: number[] = []
  const overwrites = options.negatives === 'replacement'
  labels.forEach((label, index) => {
    if (label === 1) positive.push(index)
    const isLow = overwrites ? (overlap[index] ?? 0) >= 0 && (overlap[index] ?? 0) < Math.fround(options.background) : label === 0
    if (isLow) negative.push(index)
  })
  const first = choose(positive, Math.floor(options.batch * options.positiveFraction), sampling, 0)
  const negatives = overwrites ? withReplacement(negative, options.batch - first.length, sampling) : choose(negative, options.batch - first.length, sampling, 1)
  const low = new Set(overwrites ? negatives : [])
  const positives = first.filter((anchor) => !low.has(anchor))
  const drawn = [...positives, ...negatives]
  const result = {
    index: new Int32Array(options.batch),
    label: new Float32Array(options.batch),
    weight: new Float32Array(options.batch),
    box: new Float32Array(options.batch * 4)
  }
  const starts = anchors.perLevel.reduce<readonly number[]>((sums, level) => [...sums, (sums.at(-1) ?? 0) + level.length / 4], [0])
  drawn.forEach((anchor, k) => {
    result.index[k] = anchor
    result.weight[k] = 1
    if (k >= positives.length) return
    result.label[k] = 1
    const level = starts.findIndex((start, l) => anchor >= start && anchor < (starts[l + 1] ?? 0))
    const corners = anchors.perLevel[level] ?? new Float32Array(4)
    const p = (anchor - (starts[level] ?? 0)) * 4
    const g = (matched[anchor] ?? 0) * 4
    const side = (of: ArrayLike<number>, at: number, axis: 0 | 1): number => (of[at + axis + 2] ?? 0) - (of[at + axis] ?? 0) + offset
    for (const axis of [0, 1] as const) {
      const [own, wanted] = [side(corners, p, axis), side(boxes, g, axis)]
      result.box[4 * k + axis] = ((boxes[g + axis] ?? 0) + wanted / 2 - (corners[p + axis] ?? 0) - own / 2) / own
      result.box[4 * k + axis + 2] = Math.log(wanted / own)
    }
  })
  return { ...result, drawn: drawn.length, labels }
}
