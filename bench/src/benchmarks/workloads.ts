/** What is measured. The numbers that enter are a function of their index, so that every contestant computes the same thing. */
export type Workload =
  | { readonly kind: 'conv-forward' | 'conv-gradients'; readonly x: readonly number[]; readonly w: readonly number[]; readonly stride: number; readonly padding: number }
  | { readonly kind: 'group-norm'; readonly x: readonly number[]; readonly groups: number }
  | { readonly kind: 'roi-align'; readonly x: readonly number[]; readonly rois: readonly number[]; readonly size: number; readonly scale: number }
  | { readonly kind: 'nms'; readonly boxes: readonly number[]; readonly scores: readonly number[]; readonly threshold: number }

/** Numbers in (−1, 1) that look random; `filled` in rivals/torch_worker.py gives the same. */
export const noise = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => {
    const wave = Math.abs(Math.sin(i * 12.9898 + seed * 78.233) * 43758.5453)
    return (wave - Math.floor(wave)) * 2 - 1
  })

/** Boxes x1, y1, x2, y2 inside an image, between 16 and a third of the image wide and high. */
const boxes = (count: number, width: number, height: number, seed: number): readonly number[] => {
  const random = noise(count * 4, seed).map((x) => (x + 1) / 2)
  return Array.from({ length: count }, (_, k) => {
    const [w, h] = [16 + (random[4 * k] ?? 0) * (width / 3), 16 + (random[4 * k + 1] ?? 0) * (height / 3)]
    const [x, y] = [(random[4 * k + 2] ?? 0) * (width - w), (random[4 * k + 3] ?? 0) * (height - h)]
    return [x, y, x + w, y + h].map(Math.fround)
  }).flat()
}

/** Distinct scores in (0, 1). */
const scores = (count: number): readonly number[] => Array.from({ length: count }, (_, k) => Math.fround((((k * 7919) % count) + 0.5) / count))

const convolutions: { readonly [name: string]: Pick<Extract<Workload, { readonly w: unknown }>, 'x' | 'w' | 'stride' | 'padding'> } = {
  'stem-7x7s2-224': { x: [1, 3, 224, 224], w: [64, 3, 7, 7], stride: 2, padding: 3 },
  '1x1-64-64-56': { x: [1, 64, 56, 56], w: [64, 64, 1, 1], stride: 1, padding: 0 },
  '3x3-64-56': { x: [1, 64, 56, 56], w: [64, 64, 3, 3], stride: 1, padding: 1 },
  '1x1-64-256-56': { x: [1, 64, 56, 56], w: [256, 64, 1, 1], stride: 1, padding: 0 },
  '3x3s2-128-56': { x: [1, 128, 56, 56], w: [128, 128, 3, 3], stride: 2, padding: 1 },
  '3x3-128-28': { x: [1, 128, 28, 28], w: [128, 128, 3, 3], stride: 1, padding: 1 },
  '1x1-512-128-28': { x: [1, 512, 28, 28], w: [128, 512, 1, 1], stride: 1, padding: 0 },
  '3x3-256-14': { x: [1, 256, 14, 14], w: [256, 256, 3, 3], stride: 1, padding: 1 },
  '1x1-1024-256-14': { x: [1, 1024, 14, 14], w: [256, 1024, 1, 1], stride: 1, padding: 0 },
  '3x3-512-7': { x: [1, 512, 7, 7], w: [512, 512, 3, 3], stride: 1, padding: 1 },
  '1x1s2-1024-2048-14': { x: [1, 1024, 14, 14], w: [2048, 1024, 1, 1], stride: 2, padding: 0 },
  'fpn-3x3-256-64': { x: [2, 256, 64, 64], w: [256, 256, 3, 3], stride: 1, padding: 1 },
  'fpn-3x3-256-200x336': { x: [1, 256, 200, 336], w: [256, 256, 3, 3], stride: 1, padding: 1 },
  'mask-head-3x3-256-14': { x: [64, 256, 14, 14], w: [256, 256, 3, 3], stride: 1, padding: 1 }
}

/** All rows by name. `conv2d-…-forward` is the convolution alone, `conv2d-…-gradients` the convolution and both its gradients. */
export const workloads: ReadonlyMap<string, Workload> = new Map<string, Workload>([
  ...Object.entries(convolutions).flatMap(([name, shape]): readonly (readonly [string, Workload])[] => [
    [`conv2d-${name}-forward`, { kind: 'conv-forward', ...shape }],
    [`conv2d-${name}-gradients`, { kind: 'conv-gradients', ...shape }]
  ]),
  ['group-norm', { kind: 'group-norm', x: [2, 256, 64, 64], groups: 32 }],
  [
    'roi-align',
    { kind: 'roi-align', x: [1, 256, 50, 68], rois: boxes(256, 1088, 800, 5).flatMap((value, k) => (k % 4 === 0 ? [0, value] : [value])), size: 7, scale: 1 / 16 }
  ],
  ['nms', { kind: 'nms', boxes: boxes(2000, 1088, 800, 6), scores: scores(2000), threshold: 0.7 }]
])
