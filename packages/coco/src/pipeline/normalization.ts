/** How bytes become the network's input: value × `scale`, less `mean`, divided by `std`, channel by channel in `channels` order. */
export interface Normalization {
  readonly channels: 'rgb' | 'bgr'
  readonly scale: number
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
}

/** torchvision's: RGB from 0 to 1, ImageNet's mean and standard deviation. */
export const torchvisionNormalization: Normalization = { channels: 'rgb', scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

/** Detectron's, which the paper uses also from scratch: BGR from 0 to 255 less the mean. */
export const detectronNormalization: Normalization = { channels: 'bgr', scale: 1, mean: [102.9801, 115.9465, 122.7717], std: [1, 1, 1] }

/** detectron2's: as Detectron's, with another mean. */
export const detectron2Normalization: Normalization = { channels: 'bgr', scale: 1, mean: [103.53, 116.28, 123.675], std: [1, 1, 1] }

/** A value less `mean` divided by `std`, each step in float32, as torch computes it. */
export const normalizeValue = (value: number, mean: number, std: number): number =>
  Math.fround(Math.fround(Math.fround(value) - Math.fround(mean)) / Math.fround(std))

/** For each output channel: the input channel it reads and the normalized value of every byte. */
export const byteTables = ({ channels, scale, mean, std }: Normalization): readonly { readonly channel: number; readonly table: Float32Array }[] =>
  mean.map((m, k) => ({
    channel: channels === 'rgb' ? k : 2 - k,
    table: Float32Array.from({ length: 256 }, (_, byte) => normalizeValue(byte * scale, m, std[k] ?? 1))
  }))
