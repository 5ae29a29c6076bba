/** What is compared: boxes, masks or keypoints. */
export type IouType = 'bbox' | 'segm' | 'keypoints'

/** Settings of an evaluation, as in the reference (`cocoeval.Params`). */
export interface EvaluationParameters {
  /** Images counted; all of the file where not given. Detections elsewhere do not count. */
  readonly imgIds: readonly number[]
  readonly catIds: readonly number[]
  readonly iouThrs: readonly number[]
  readonly recThrs: readonly number[]
  /** Detections an image and category, best first; ascending. */
  readonly maxDets: readonly number[]
  /** Areas in square pixels, both ends included. */
  readonly areaRng: readonly (readonly [number, number])[]
  readonly areaRngLbl: readonly string[]
  /** false pools all categories into one. */
  readonly useCats: boolean
  /** Standard deviation of each keypoint's annotation, relative to object size. */
  readonly sigmas: readonly number[]
}

/** `count` numbers from `first` to `last`, as NumPy computes them. */
const linspace = (first: number, last: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, k) => (k === count - 1 ? last : k * ((last - first) / (count - 1)) + first))

const common = { iouThrs: linspace(0.5, 0.95, 10), recThrs: linspace(0, 1, 101), useCats: true }

/** Standard deviations of COCO's 17 person keypoints. */
export const cocoSigmas: readonly number[] = [0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89].map((s) => s / 10)

const largest = 1e5 ** 2

/** The reference's settings for each kind of evaluation; images and categories follow from the file. */
export const defaultParameters = (iouType: IouType): Omit<EvaluationParameters, 'imgIds' | 'catIds'> =>
  iouType === 'keypoints'
    ? {
        ...common,
        maxDets: [20],
        areaRng: [
          [0, largest],
          [32 ** 2, 96 ** 2],
          [96 ** 2, largest]
        ],
        areaRngLbl: ['all', 'medium', 'large'],
        sigmas: cocoSigmas
      }
    : {
        ...common,
        maxDets: [1, 10, 100],
        areaRng: [
          [0, largest],
          [0, 32 ** 2],
          [32 ** 2, 96 ** 2],
          [96 ** 2, largest]
        ],
        areaRngLbl: ['all', 'small', 'medium', 'large'],
        sigmas: cocoSigmas
      }
