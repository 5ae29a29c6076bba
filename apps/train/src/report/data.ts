/** What a report shows: plain data, nothing computed from it but means and rounding. */
export type ReportData = {
  readonly title: string
  /** The resolved configuration; any JSON value. */
  readonly config: unknown
  /** One entry a training step, in the order of the steps. */
  readonly events: readonly TrainingEvent[]
  /** In the order of the steps; the last one fills the tables. */
  readonly evaluations: readonly Evaluation[]
  readonly seen: { readonly images: number; readonly instances: number; readonly pixels: number }
  readonly examples: readonly Example[]
  /** Short facts for the head of the page: device, seed, time, … */
  readonly facts: Readonly<Record<string, string>>
}

export type TrainingEvent = {
  readonly step: number
  /** Each loss by name; `total` is their sum where it is not given. */
  readonly losses: Readonly<Record<string, number>>
  readonly learningRate: number
  readonly imagesPerSecond: number
}

export type Evaluation = {
  readonly step: number
  /** COCO's twelve numbers for boxes, in COCO's order (`cocoNumbers`); −1 where there was nothing to measure. */
  readonly bbox?: readonly number[]
  /** The same for masks. */
  readonly segm?: readonly number[]
  readonly perCategory: readonly CategoryResult[]
}

export type CategoryResult = {
  readonly name: string
  /** AP over IoU 0.50:0.95, or −1; absent where that kind was not evaluated. */
  readonly bbox?: number
  readonly segm?: number
}

export type Example = {
  readonly caption: string
  /** Bytes of a PNG or JPEG file. */
  readonly groundTruthPng: Uint8Array
  readonly predictionPng: Uint8Array
}

/** Names and settings of COCO's twelve numbers, in COCO's order. */
export const cocoNumbers = [
  { name: 'AP', meaning: 'IoU 0.50:0.95, all areas' },
  { name: 'AP50', meaning: 'IoU 0.50' },
  { name: 'AP75', meaning: 'IoU 0.75' },
  { name: 'AP small', meaning: 'area under 32² pixels' },
  { name: 'AP medium', meaning: 'area 32² to 96²' },
  { name: 'AP large', meaning: 'area over 96²' },
  { name: 'AR 1', meaning: 'first detection of an image' },
  { name: 'AR 10', meaning: 'first 10 detections' },
  { name: 'AR 100', meaning: 'all detections, as a rule 100' },
  { name: 'AR small', meaning: 'area under 32² pixels' },
  { name: 'AR medium', meaning: 'area 32² to 96²' },
  { name: 'AR large', meaning: 'area over 96²' }
] as const
