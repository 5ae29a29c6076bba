import { noise } from '../benchmarks/workloads.js'

/** Numbers with a shape, in the order batch, channels, height, width. */
export interface Numbers {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** A convolution's operands: `[N, C, H, W]` and `[O, C, h, w]`. */
export interface ConvolutionSizes {
  readonly x: readonly [number, number, number, number]
  readonly w: readonly [number, number, number, number]
  readonly stride: number
  readonly padding: number
}

/** A small convolutional network: a 3 × 3 convolution of stride 2, group normalization and relu for each width, then the mean over positions and one matrix. */
export interface NetworkSizes {
  readonly images: readonly [number, number, number, number]
  readonly widths: readonly number[]
  readonly groups: number
  readonly classes: number
}

/** What is measured. */
export type Task =
  | { readonly kind: 'matmul'; readonly rows: number; readonly inner: number; readonly columns: number }
  | ({ readonly kind: 'convolution' } & ConvolutionSizes)
  | ({ readonly kind: 'convolution-gradients' } & ConvolutionSizes)
  | { readonly kind: 'group-norm'; readonly x: readonly [number, number, number, number]; readonly groups: number }
  | { readonly kind: 'chain'; readonly elements: number }
  | { readonly kind: 'roi-align'; readonly x: readonly [number, number, number, number]; readonly regions: number; readonly size: number; readonly scale: number }
  | ({ readonly kind: 'step' } & NetworkSizes)

/** Learning rate, momentum and weight decay of the training step. */
export const stepSettings = { learningRate: 0.05, momentum: 0.9, weightDecay: 1e-4 } as const

/** Of group normalization. */
export const epsilon = 1e-5

const small: Readonly<Record<string, Task>> = {
  'matmul-256': { kind: 'matmul', rows: 256, inner: 256, columns: 256 },
  'conv-3x3-64-28': { kind: 'convolution', x: [1, 64, 28, 28], w: [64, 64, 3, 3], stride: 1, padding: 1 },
  'conv-3x3s2-128-28': { kind: 'convolution', x: [1, 128, 28, 28], w: [128, 128, 3, 3], stride: 2, padding: 1 },
  'conv-1x1-256-64-28': { kind: 'convolution', x: [1, 256, 28, 28], w: [64, 256, 1, 1], stride: 1, padding: 0 },
  'conv-7x7s2-3-64-112': { kind: 'convolution', x: [1, 3, 112, 112], w: [64, 3, 7, 7], stride: 2, padding: 3 },
  'gradients-3x3-64-28': { kind: 'convolution-gradients', x: [1, 64, 28, 28], w: [64, 64, 3, 3], stride: 1, padding: 1 },
  'gradients-3x3s2-64-28': { kind: 'convolution-gradients', x: [1, 64, 28, 28], w: [64, 64, 3, 3], stride: 2, padding: 1 },
  'gradients-1x1-256-64-28': { kind: 'convolution-gradients', x: [1, 256, 28, 28], w: [64, 256, 1, 1], stride: 1, padding: 0 },
  'group-norm-64-56': { kind: 'group-norm', x: [2, 64, 56, 56], groups: 32 },
  'chain-1e6': { kind: 'chain', elements: 1_000_000 },
  'roi-align-64': { kind: 'roi-align', x: [1, 64, 32, 32], regions: 64, size: 7, scale: 1 / 8 },
  step: { kind: 'step', images: [8, 3, 32, 32], widths: [16, 32, 64], groups: 8, classes: 10 }
}

const large: Readonly<Record<string, Task>> = {
  'matmul-1024': { kind: 'matmul', rows: 1024, inner: 1024, columns: 1024 },
  'conv-3x3-64-56': { kind: 'convolution', x: [8, 64, 56, 56], w: [64, 64, 3, 3], stride: 1, padding: 1 },
  'conv-3x3s2-128-56': { kind: 'convolution', x: [8, 128, 56, 56], w: [128, 128, 3, 3], stride: 2, padding: 1 },
  'conv-3x3-256-14': { kind: 'convolution', x: [8, 256, 14, 14], w: [256, 256, 3, 3], stride: 1, padding: 1 },
  'conv-1x1-256-64-56': { kind: 'convolution', x: [8, 256, 56, 56], w: [64, 256, 1, 1], stride: 1, padding: 0 },
  'conv-7x7s2-3-64-224': { kind: 'convolution', x: [8, 3, 224, 224], w: [64, 3, 7, 7], stride: 2, padding: 3 },
  'gradients-3x3-64-56': { kind: 'convolution-gradients', x: [8, 64, 56, 56], w: [64, 64, 3, 3], stride: 1, padding: 1 },
  'gradients-3x3s2-128-56': { kind: 'convolution-gradients', x: [8, 128, 56, 56], w: [128, 128, 3, 3], stride: 2, padding: 1 },
  'gradients-1x1-256-64-56': { kind: 'convolution-gradients', x: [8, 256, 56, 56], w: [64, 256, 1, 1], stride: 1, padding: 0 },
  'group-norm-256-64': { kind: 'group-norm', x: [2, 256, 64, 64], groups: 32 },
  'chain-4e6': { kind: 'chain', elements: 4_000_000 },
  'roi-align-256': { kind: 'roi-align', x: [1, 256, 50, 68], regions: 256, size: 7, scale: 1 / 16 },
  step: { kind: 'step', images: [32, 3, 64, 64], widths: [32, 64, 128, 256], groups: 8, classes: 100 }
}

/** All rows by name: of a size that software adapters finish in seconds, or that keeps a graphics processor busy. */
export const tasks = { small, large } as const

/** The product of sizes. */
export const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

const filled = (shape: readonly number[], seed: number, scale = 1, shift = 0): Numbers => ({
  shape,
  data: noise(countOf(shape), seed).map((x) => x * scale + shift)
})

/** The shape of a convolution's result. */
export const convolvedShape = ({ x, w, stride, padding }: ConvolutionSizes): readonly [number, number, number, number] => {
  const side = (size: number, kernel: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1
  return [x[0], w[0], side(x[2], w[2]), side(x[3], w[3])]
}

/** Boxes x1, y1, x2, y2 within the image of which the map is a fraction. */
const boxes = ({ x: [, , height, width], regions, scale }: Extract<Task, { readonly kind: 'roi-align' }>): Numbers => {
  const random = noise(regions * 4, 5).map((value) => (value + 1) / 2)
  const [high, wide] = [height / scale, width / scale]
  const data = Array.from({ length: regions }, (_, k) => {
    const [a = 0, b = 0, c = 0, d = 0] = random.subarray(4 * k, 4 * k + 4)
    const [w, h] = [16 + (a * wide) / 3, 16 + (b * high) / 3]
    const [left, top] = [c * (wide - w), d * (high - h)]
    return [left, top, left + w, top + h]
  }).flat()
  return { shape: [regions, 4], data: Float32Array.from(data) }
}

const networkArguments = ({ images, widths, classes }: NetworkSizes): Readonly<Record<string, Numbers>> => {
  const inputs = [images[1], ...widths]
  const layers = widths.flatMap((width, k): readonly (readonly [string, Numbers])[] => {
    const channels = inputs[k] ?? 1
    return [
      [`w${k}`, filled([width, channels, 3, 3], 10 + k, Math.sqrt(2 / (channels * 9)) * 1.7)],
      [`gamma${k}`, filled([width], 20 + k, 0.2, 1)],
      [`beta${k}`, filled([width], 30 + k, 0.2)]
    ]
  })
  const last = widths[widths.length - 1] ?? 1
  const labels = new Float32Array(images[0] * classes)
  for (let n = 0; n < images[0]; n++) labels[n * classes + ((n * 7) % classes)] = 1
  return Object.fromEntries([
    ['images', filled(images, 40)],
    ['labels', { shape: [images[0], classes], data: labels }],
    ...layers,
    ['fc', filled([last, classes], 50, 1 / Math.sqrt(last))]
  ])
}

/** A task's arguments by name; `g` is the derivative by its result. Every contestant starts from the same numbers. */
export const argumentsOf = (task: Task): Readonly<Record<string, Numbers>> => {
  switch (task.kind) {
    case 'matmul':
      return { a: filled([task.rows, task.inner], 1), b: filled([task.inner, task.columns], 2) }
    case 'convolution':
      return { x: filled(task.x, 1), w: filled(task.w, 2) }
    case 'convolution-gradients':
      return { x: filled(task.x, 1), w: filled(task.w, 2), g: filled(convolvedShape(task), 3) }
    case 'group-norm':
      return { x: filled(task.x, 1), gamma: filled([task.x[1]], 2, 0.5, 1), beta: filled([task.x[1]], 3), g: filled(task.x, 4) }
    case 'chain':
      return { x: filled([task.elements], 1, 2), y: filled([task.elements], 2) }
    case 'roi-align':
      return { x: filled(task.x, 1), boxes: boxes(task), g: filled([task.regions, task.x[1], task.size, task.size], 2) }
    case 'step':
      return networkArguments(task)
  }
}

/** Names of the arguments that a training step changes. */
export const trainedNames = (task: NetworkSizes): readonly string[] => [...task.widths.flatMap((_, k) => [`w${k}`, `gamma${k}`, `beta${k}`]), 'fc']
