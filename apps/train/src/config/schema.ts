import * as t from 'io-ts'

/** A key of the configuration: what it takes, its default, and what it means. */
export interface Field<A> {
  readonly kind: 'field'
  readonly codec: { readonly name: string; readonly decode: (x: unknown) => t.Validation<A> }
  /** `undefined` where the key must be given. */
  readonly fallback: A | undefined
  readonly meaning: string
}

/** A group of keys. */
export interface Section<S extends Sections = Sections> {
  readonly kind: 'section'
  readonly keys: S
}

export interface Sections {
  readonly [key: string]: Field<unknown> | Section
}

/** The decoded values of a field or section. */
export type Decoded<F> = F extends { readonly kind: 'section'; readonly keys: infer S } ? { readonly [K in keyof S]: Decoded<S[K]> } : F extends Field<infer A> ? A : never

const section = <const S extends Sections>(keys: S): Section<S> => ({ kind: 'section', keys })
const field = <A>(codec: t.Type<A, unknown>, fallback: A, meaning: string): Field<A> => ({ kind: 'field', codec, fallback, meaning })
const required = <A>(codec: t.Type<A, unknown>, meaning: string): Field<A> => ({ kind: 'field', codec, fallback: undefined, meaning })

const number = (name: string, accepts: (x: number) => boolean): t.Type<number, unknown> => {
  const is = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x) && accepts(x)
  return new t.Type<number, unknown>(name, is, (x, context) => (is(x) ? t.success(x) : t.failure(x, context)), (x) => x)
}
const among = <const N extends string>(...names: readonly N[]): t.Type<N, unknown> => {
  const is = (x: unknown): x is N => names.some((name) => name === x)
  return new t.Type<N, unknown>(`one of ${names.map((name) => JSON.stringify(name)).join(', ')}`, is, (x, context) => (is(x) ? t.success(x) : t.failure(x, context)), (x) => x)
}
const list = <A>(of: t.Type<A, unknown>, name: string, least = 1, most = Infinity): t.Type<readonly A[], unknown> => {
  const is = (x: unknown): x is readonly A[] => Array.isArray(x) && x.length >= least && x.length <= most && x.every(of.is)
  return new t.Type<readonly A[], unknown>(name, is, (x, context) => (is(x) ? t.success(x) : t.failure(x, context)), (x) => x)
}
const orNull = <A>(of: t.Type<A, unknown>): t.Type<A | null, unknown> => {
  const is = (x: unknown): x is A | null => x === null || of.is(x)
  return new t.Type<A | null, unknown>(`${of.name}, or null`, is, (x, context) => (is(x) ? t.success(x) : t.failure(x, context)), (x) => x)
}
const path = new t.Type<string, unknown>(
  'a path inside the data folder',
  (x): x is string => typeof x === 'string',
  (x, context) => (typeof x === 'string' && x !== '' && !x.split(/[\\/]/).includes('..') && !/^([\\/]|[A-Za-z]:)/.test(x) ? t.success(x) : t.failure(x, context)),
  (x) => x
)

const count = number('an integer of at least 1', (x) => Number.isSafeInteger(x) && x >= 1)
/** Counts of things that memory must hold: a mistyped one is told before it is allocated. */
const upTo = (most: number, least = 1) => number(`an integer from ${least} to ${most}`, (x) => Number.isSafeInteger(x) && x >= least && x <= most)
const channels = upTo(65536)
const side = upTo(16384)
const images = upTo(4096)
const regions = upTo(100_000)
const natural = number('an integer of at least 0', (x) => Number.isSafeInteger(x) && x >= 0)
const positive = number('a number above 0', (x) => x > 0)
const notNegative = number('a number of at least 0', (x) => x >= 0)
const share = number('a number from 0 to 1', (x) => x >= 0 && x <= 1)
const below1 = number('a number from 0 to below 1', (x) => x >= 0 && x < 1)
const counts = list(upTo(1000), 'a list of 1 to 8 integers from 1 to 1000', 1, 8)
const sizes = list(list(positive, 'a list of sizes'), 'a list of 2 to 8 lists of sizes in pixels, one for each level', 2, 9)
const size = list(side, '[height, width], two integers from 1 to 16384', 2, 2)

const split = (annotations: string, images: string) =>
  section({
    annotations: field(path, annotations, 'Annotation file in COCO format, relative to the data folder.'),
    images: field(path, images, 'Folder of the images, relative to the data folder.'),
    limit: field(orNull(count), null, 'Only this many images: those with the lowest ids that have objects. null: all images.')
  })

/** Every key of a configuration file. Sizes are in pixels, ranges and thresholds from 0 to 1. */
export const schema = section({
  model: section({
    depth: field(among('18', '34', '50', '101', 'custom'), 'custom', 'A usual ResNet, or custom: by blocks and block.'),
    blocks: field(counts, [1, 1, 1, 1], 'Residual blocks in each stage; strides are 4, 8, 16, … (depth custom).'),
    block: field(among('basic', 'bottleneck'), 'basic', 'Two 3×3 convolutions a block, or 1×1, 3×3, 1×1 (depth custom).'),
    width: field(channels, 64, 'Channels of the stem and of the first stage.'),
    norm: field(among('groupNorm', 'batchNorm', 'frozenBatchNorm', 'none'), 'groupNorm', 'Normalization of backbone, pyramid and heads.'),
    groups: field(count, 32, 'Groups of groupNorm; must divide the channels of every layer.'),
    pyramid: section({ channels: field(channels, 256, 'Channels of every level of the feature pyramid.') }),
    anchors: section({
      sizes: field(sizes, [[32], [64], [128], [256], [512]], 'Sides of the anchors, a list for each level: one level for each stage, and one more.'),
      ratios: field(list(positive, 'a list of numbers above 0'), [0.5, 1, 2], 'Height by width of the anchors.')
    }),
    boxHead: section({
      convs: field(upTo(64, 0), 4, '3×3 convolutions before the fully connected layer; 0: two fully connected layers.'),
      width: field(channels, 1024, 'Width of the fully connected layers.')
    }),
    maskHead: section({
      convs: field(upTo(64), 4, '3×3 convolutions.'),
      channels: field(channels, 256, 'Their channels.')
    }),
    proposals: section({
      trainBefore: field(regions, 2000, 'Proposals of each level before suppression, in training.'),
      trainAfter: field(regions, 2000, 'Proposals of an image after suppression, in training.'),
      testBefore: field(regions, 1000, 'Proposals of each level before suppression, in evaluation.'),
      testAfter: field(regions, 1000, 'Proposals of an image after suppression, in evaluation.')
    }),
    rpnBatch: field(regions, 256, 'Anchors of an image that the losses of the proposal network see.'),
    regions: section({
      batch: field(regions, 512, 'Regions of an image that the heads are trained on.'),
      positiveFraction: field(share, 0.25, 'Largest share of them that hold an object.')
    }),
    canonicalScale: field(positive, 224, 'Side of a region that is pooled from the level of stride 16.'),
    detections: section({
      scoreThreshold: field(below1, 0.05, 'Detections of a lower score are dropped.'),
      nmsThreshold: field(share, 0.5, 'Overlap above which the worse of two detections of a class is dropped.'),
      count: field(regions, 100, 'Detections kept of an image.')
    })
  }),
  data: section({
    train: split('annotations/instances_train.json', 'train'),
    validation: split('annotations/instances_val.json', 'val'),
    minSize: field(side, 800, 'Pixels to which the shorter side is resized.'),
    maxSize: field(side, 1333, 'Pixels that the longer side must not exceed.'),
    fixedSize: field(orNull(size), null, 'Pads every batch to this size; null: to the size of its largest image, in steps of 32.'),
    flip: field(share, 0.5, 'Probability with which a training image is mirrored.'),
    maxObjects: field(regions, 100, 'Objects of an image that training sees.'),
    normalization: field(among('torchvision', 'detectron', 'detectron2'), 'torchvision', 'How pixels become numbers.')
  }),
  optimization: section({
    steps: required(count, 'Training steps.'),
    batch: field(images, 8, 'Images a step.'),
    learningRate: field(positive, 0.02, 'Learning rate after warm-up.'),
    momentum: field(below1, 0.9, 'Momentum.'),
    weightDecay: field(notNegative, 1e-4, 'Weight decay of matrices and filters.'),
    normDecay: field(notNegative, 0, 'Weight decay of norms and biases.'),
    warmUp: section({
      steps: field(natural, 50, 'Steps in which the learning rate rises.'),
      factor: field(share, 0.1, 'Share of the learning rate at the first step.')
    }),
    drops: field(list(share, 'a list of numbers from 0 to 1', 0), [0.75, 0.92], 'When the learning rate drops, as shares of all steps.'),
    gamma: field(share, 0.1, 'What a drop multiplies the learning rate by.')
  }),
  evaluation: section({
    every: field(orNull(count), null, 'Evaluates every so many steps, and at the end; null: at the end only.'),
    batch: field(images, 8, 'Images inferred at a time.'),
    images: field(orNull(count), null, 'Images of the evaluations before the last; null: all.'),
    maxDets: field(regions, 100, 'Detections of an image that count.')
  }),
  checkpoint: section({ every: field(count, 100, 'Steps between checkpoints.') }),
  seed: field(natural, 0, 'Decides initial weights, order, flips and samples.')
})

/** A configuration with every default filled in. */
export type Config = Decoded<typeof schema>
