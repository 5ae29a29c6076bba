import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { either as E } from 'fp-ts'
import { evaluate, formatCocoError } from '@tabula/coco'
import type { Evaluation, EvaluationParameters, ImageMatches, Instances, IouType, Result } from '@tabula/coco'
import { messageOf } from '@tabula/tensor'
import { compare, rowOf } from '../compare.js'
import type { Comparison } from '../compare.js'
import { readJson, readRecording } from '../files.js'
import { failedRow } from '../row.js'
import type { Row } from '../row.js'
import { instancesOf, isRecord, numberOf, numbersOf, records, resultsOf, rowsOf, textOf } from './read.js'
import type { Json } from './read.js'

/** Everything is the same double operations, object keypoint similarity up to the exponential function. */
const toleranceOf = (iouType: IouType) => () => (iouType === 'keypoints' ? 1e-10 : 1e-12)

const flat = (data: readonly number[]) => ({ shape: [data.length], data })

const iouTypeOf = (row: Json): IouType => {
  const found = textOf(row, 'iouType')
  if (found === 'bbox' || found === 'segm' || found === 'keypoints') return found
  throw new Error(`iouType ${found} is unknown`)
}

const parametersOf = (params: unknown): Partial<EvaluationParameters> => {
  if (!isRecord(params)) return {}
  const known: { readonly [key: string]: (x: unknown) => Partial<EvaluationParameters> } = {
    imgIds: (x) => ({ imgIds: numbersOf(x, 'imgIds') }),
    catIds: (x) => ({ catIds: numbersOf(x, 'catIds') }),
    iouThrs: (x) => ({ iouThrs: numbersOf(x, 'iouThrs') }),
    recThrs: (x) => ({ recThrs: numbersOf(x, 'recThrs') }),
    maxDets: (x) => ({ maxDets: numbersOf(x, 'maxDets') }),
    areaRng: (x) => ({ areaRng: rowsOf(x, 'areaRng').map(([low = 0, high = 0]): readonly [number, number] => [low, high]) }),
    useCats: (x) => ({ useCats: x !== 0 })
  }
  return Object.entries(params).reduce<Partial<EvaluationParameters>>((all, [key, value]) => {
    const read = known[key]
    if (read === undefined) throw new Error(`parameter ${key} is unknown`)
    return { ...all, ...read(value) }
  }, {})
}

/** One image, category and area range in the reference's own form (`evalImgs`). */
const evalImage = ({ parameters }: Evaluation, imageId: number, categoryId: number, area: number, { truths, detections, matchings }: ImageMatches): Json => {
  const matching = matchings[area]
  if (matching === undefined) throw new Error(`no area range ${area}`)
  const thresholds = parameters.iouThrs.map((_, t) => t)
  const order = Array.from(matching.order)
  const idOf = (list: readonly { readonly id: number }[], index: number): number => (index < 0 ? 0 : (list[index]?.id ?? 0))
  return {
    image_id: imageId,
    category_id: categoryId,
    aRng: parameters.areaRng[area],
    maxDet: parameters.maxDets.at(-1),
    dtIds: detections.map(({ id }) => id),
    gtIds: order.map((g) => idOf(truths, g)),
    dtMatches: thresholds.map((t) => detections.map((_, d) => idOf(truths, matching.truthOfDetection[t * detections.length + d] ?? -1))),
    gtMatches: thresholds.map((t) => order.map((g) => idOf(detections, matching.detectionOfTruth[t * truths.length + g] ?? -1))),
    dtScores: detections.map(({ score }) => score),
    gtIgnore: Array.from(matching.truthIgnored),
    dtIgnore: thresholds.map((t) => detections.map((_, d) => matching.detectionIgnored[t * detections.length + d] ?? 0))
  }
}

/** All of `evalImgs`, in the order category, area range, image; null where there is nothing. */
const evalImages = (evaluation: Evaluation): readonly (Json | null)[] =>
  evaluation.perCategory.flatMap(({ categoryId, images }) => {
    const byImage = new Map(images.map(({ imageId, matches }) => [imageId, matches]))
    return evaluation.parameters.areaRng.flatMap((_, area) =>
      evaluation.parameters.imgIds.map((imageId) => {
        const matches = byImage.get(imageId)
        return matches === undefined ? null : evalImage(evaluation, imageId, categoryId, area, matches)
      })
    )
  })

/** Discrete things must be equal: an error of 1 for each that is not. */
const equalities = (what: string, found: readonly unknown[], wanted: readonly unknown[]): Comparison => {
  const different = wanted.findIndex((want, index) => !sameJson(found[index], want))
  const error = wanted.filter((want, index) => !sameJson(found[index], want)).length + Math.abs(found.length - wanted.length)
  return error === 0 ? { what, error, tolerance: 0 } : { what, error, tolerance: 0, note: `${what}: ${error} differ, the first is ${different}` }
}

const sameJson = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, index) => sameJson(x, b[index]))
  if (isRecord(a) && isRecord(b)) return Object.keys(b).every((key) => sameJson(a[key], b[key]))
  return a === b
}

const keyOf = (image: unknown): string => (isRecord(image) ? JSON.stringify([image['category_id'], image['aRng'], image['image_id']]) : '')

const compareEvaluation = (row: Json, evaluation: Evaluation, allImages: boolean): readonly Comparison[] => {
  const tolerance = toleranceOf(evaluation.iouType)
  const { curves, perCategory, stats } = evaluation
  const found = evalImages(evaluation)
  const wantedImages: readonly unknown[] = Array.isArray(row['evalImgs']) ? row['evalImgs'] : []
  const byKey = new Map(found.map((image) => [keyOf(image), image]))
  const perCategoryAP = isRecord(row['perCategoryAP']) ? row['perCategoryAP'] : {}
  const precisionOf = new Map(perCategory.map(({ categoryId, averagePrecision }) => [String(categoryId), averagePrecision ?? NaN]))
  return [
    compare('stats', flat(stats), flat(numbersOf(row['stats'], 'stats')), tolerance),
    compare(
      'AP of each category',
      flat(Object.keys(perCategoryAP).map((id) => precisionOf.get(id) ?? NaN)),
      flat(numbersOf(Object.values(perCategoryAP), 'perCategoryAP')),
      tolerance
    ),
    allImages
      ? equalities('matches of images', found, wantedImages)
      : equalities('matches of images', wantedImages.map((image) => byKey.get(keyOf(image))), wantedImages),
    ...(row['counts'] === undefined ? [] : [equalities('counts', curves.shape, numbersOf(row['counts'], 'counts'))]),
    ...(row['evalImgsNotNull'] === undefined ? [] : [equalities('images with matches', [found.filter((image) => image !== null).length], [numberOf(row, 'evalImgsNotNull')])]),
    ...(row['recall'] === undefined ? [] : [compare('recall', { shape: numbersOf(row['recallShape'], 'recallShape'), data: curves.recall }, { shape: numbersOf(row['recallShape'], 'recallShape'), data: numbersOf(row['recall'], 'recall') }, tolerance)])
  ]
}

const run = (row: Json, groundTruth: Instances, results: readonly Result[]): Evaluation => {
  const outcome = evaluate({ groundTruth, results, iouType: iouTypeOf(row), parameters: parametersOf(row['params']) })
  if (E.isLeft(outcome)) throw new Error(formatCocoError(outcome.left))
  return outcome.right
}

/** The whole precision, recall and score arrays, where they are recorded. */
const compareCurves = async (folder: string, row: Json, { curves, iouType }: Evaluation): Promise<readonly Comparison[]> => {
  if (typeof row['arrays'] !== 'string') return []
  const recorded = await readRecording(join(folder, row['arrays']))
  const [T, R, K, A, M] = curves.shape
  const found = {
    precision: { shape: [T, R, K, A, M], data: curves.precision },
    recall: { shape: [T, K, A, M], data: curves.recall },
    scores: { shape: [T, R, K, A, M], data: curves.scores }
  }
  return Object.entries(found).map(([name, numbers]) => {
    const wanted = recorded.get(name)
    if (wanted === undefined) throw new Error(`${name} is not recorded`)
    return compare(name, numbers, wanted, toleranceOf(iouType))
  })
}

const guarded = async (name: string, body: () => Promise<Row>): Promise<Row> => {
  try {
    return await body()
  } catch (thrown) {
    return failedRow('coco', name, messageOf(thrown))
  }
}

/** The evaluations of real annotations (`cases.json`). `root` is where the paths of annotation files start. */
export async function* evaluationRows(folder: string, root: string, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  const truths = new Map<string, Instances>()
  const detections = new Map<string, readonly Result[]>()
  const cached = async <A>(store: Map<string, A>, path: string, decode: (json: unknown) => A): Promise<A> => {
    const known = store.get(path)
    if (known !== undefined) return known
    const read = decode(await readJson(path))
    store.set(path, read)
    return read
  }
  for (const row of records(await readJson(join(folder, 'cases.json')), 'coco/cases.json')) {
    const name = textOf(row, 'name')
    if (!wanted(['coco', 'evaluations', name])) continue
    const path = resolve(root, textOf(row, 'gt'))
    if (!existsSync(path)) {
      yield { set: 'coco', name, status: 'unavailable', note: `${textOf(row, 'gt')} is not here` }
      continue
    }
    yield await guarded(name, async () => {
      const groundTruth = await cached(truths, path, instancesOf)
      const results = typeof row['dt'] === 'string' ? await cached(detections, join(folder, row['dt']), resultsOf) : []
      const evaluation = run(row, groundTruth, results)
      return rowOf('coco', name, [...compareEvaluation(row, evaluation, false), ...(await compareCurves(folder, row, evaluation))])
    })
  }
}

/** The little evaluations that hold their own ground truth (`tiny_cases.json`). */
export async function* tinyRows(folder: string, wanted: (names: readonly string[]) => boolean): AsyncGenerator<Row> {
  for (const row of records(await readJson(join(folder, 'tiny_cases.json')), 'coco/tiny_cases.json')) {
    const name = textOf(row, 'name')
    if (!wanted(['coco', 'tiny', name])) continue
    yield await guarded(name, async () => rowOf('coco', name, compareEvaluation(row, run(row, instancesOf(row['gt']), resultsOf(row['dt'])), true)))
  }
}
