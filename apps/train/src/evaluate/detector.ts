import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { encodeBitmap, toCompressedString } from '@tabula/coco'
import type { Result } from '@tabula/coco'
import type { Batch } from '@tabula/coco/pipeline'
import { inferenceValues, pasteBitmap } from '@tabula/detection'
import type { Corners, Detections, InferenceValues, MaskRcnn, PasteRule, Trees } from '@tabula/detection'
import { compile, showError } from '@tabula/tensor'
import type { Compiled, Device, ValuesOf } from '@tabula/tensor'
import { failed } from '../failure.js'
import type { Failure } from '../failure.js'

/** Parameters and running statistics. */
export interface Weights {
  readonly params: Trees
  readonly state: Trees
}

/** Finds the objects in a batch's images, as COCO results in pixels of the original images. */
export type Detector = (weights: Weights, batch: Batch) => TE.TaskEither<Failure, readonly Result[]>

interface Arguments extends Weights {
  readonly batch: InferenceValues
}

const trouble = (error: Parameters<typeof showError>[0]): Failure => failed(`Inference failed: ${showError(error)}`)

/** The batch with its last image repeated up to `count`, so that one program serves the last batch, too. */
const filledUp = (batch: Batch, count: number): Batch => {
  const missing = count - batch.items.length
  const last = batch.items.at(-1)
  if (missing <= 0 || last === undefined) return batch
  const one = 3 * batch.height * batch.width
  const images = new Float32Array(count * one)
  images.set(batch.images)
  for (let k = batch.items.length; k < count; k++) images.set(batch.images.subarray((batch.items.length - 1) * one), k * one)
  return { ...batch, images, items: [...batch.items, ...Array.from({ length: missing }, () => last)] }
}

const resultsOf = ({ items }: Batch, { boxes, scores, labels, valid, masks }: ValuesOf<Detections>, categoryOf: (label: number) => number | undefined, paste: PasteRule): readonly Result[] => {
  const [, count = 0, size = 0] = masks.shape
  return items.flatMap((item, n) =>
    Array.from({ length: count }, (_, d): Result | undefined => {
      const at = n * count + d
      const category = categoryOf(labels.data[at] ?? 0)
      if (valid.data[at] !== 1 || category === undefined) return undefined
      const side = (k: number): number => (boxes.data[at * 4 + k] ?? 0) / (k % 2 === 0 ? item.scaleX : item.scaleY)
      const corners: Corners = [side(0), side(1), side(2), side(3)]
      const { originalHeight: height, originalWidth: width } = item
      const mask = encodeBitmap(pasteBitmap(paste, { probabilities: masks.data, start: at * size * size, side: size }, corners, { height, width }), height, width)
      return {
        image_id: item.imageId,
        category_id: category,
        score: scores.data[at] ?? 0,
        bbox: [corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]],
        segmentation: { size: [height, width], counts: toCompressedString(mask) }
      }
    }).filter((result) => result !== undefined)
  )
}

/** A detector on a device. Programs are compiled when an image size first occurs, and kept. */
export const detectorOn = (device: Device, model: MaskRcnn, categoryOf: (label: number) => number | undefined, batchSize: number): Detector => {
  const programs = new Map<string, Compiled<Arguments, Detections>>()
  const programFor = (example: Arguments): TE.TaskEither<Failure, Compiled<Arguments, Detections>> => {
    const size = example.batch.images.shape.join('×')
    const known = programs.get(size)
    if (known !== undefined) return TE.right(known)
    return pipe(
      compile(device)<Arguments, Detections>(({ params, state, batch }) => model.infer(params, state, batch), example),
      TE.mapLeft(trouble),
      TE.tapIO((program) => () => programs.set(size, program))
    )
  }
  return ({ params, state }, batch) => {
    const args: Arguments = { params, state, batch: inferenceValues(filledUp(batch, batchSize)) }
    return pipe(
      programFor(args),
      TE.flatMap((program) => pipe(program.run(args), TE.mapLeft(trouble))),
      TE.map((found) => resultsOf(batch, found, categoryOf, model.options.paste))
    )
  }
}
