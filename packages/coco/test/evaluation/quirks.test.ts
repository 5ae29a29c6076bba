import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Annotation, Category, Image, decodeResults, evaluate } from '../../src/index.js'
import { distance, recording, right } from '../fixtures.js'

const numbers = t.array(t.number)
/** Recorded with pycocotools 2.0.11: every case's 12 (10) statistics, recall array, and matches at the first threshold of each image, category and area range. */
const Cases = t.array(
  t.type({
    name: t.string,
    iouType: t.union([t.literal('bbox'), t.literal('segm'), t.literal('keypoints')]),
    gt: t.type({ images: t.array(Image), annotations: t.array(Annotation), categories: t.array(Category) }),
    dt: t.UnknownArray,
    params: t.partial({ iouThrs: numbers, recThrs: numbers, maxDets: numbers, catIds: numbers, useCats: t.number }),
    stats: numbers,
    recall: numbers,
    matches: t.array(t.tuple([numbers, numbers]))
  })
)
const cases = recording(Cases, new URL('../fixtures/quirks.json', import.meta.url))

describe('as the reference does', () => {
  test.each(cases)('$name', ({ gt, dt, iouType, params: { useCats, ...params }, stats, recall, matches }) => {
    const results = right(decodeResults(dt, 'results.json'))
    const found = right(evaluate({ groundTruth: gt, results, iouType, parameters: { ...params, ...(useCats === undefined ? {} : { useCats: useCats === 1 }) } }))
    expect(distance(found.stats, stats)).toBeLessThanOrEqual(iouType === 'keypoints' ? 1e-12 : 0)
    expect(distance(found.curves.recall, recall)).toBe(0)
    const idOf = (list: readonly { readonly id: number }[], index: number): number => list[index]?.id ?? 0
    const matched = found.perCategory.flatMap(({ images }) =>
      found.parameters.areaRng.flatMap((_, area) =>
        images.map(({ matches: { truths, detections, matchings } }) => {
          const matching = matchings[area]
          return [detections.map((_d, d) => idOf(truths, matching?.truthOfDetection[d] ?? -1)), Array.from(matching?.order ?? [], (g) => idOf(detections, matching?.detectionOfTruth[g] ?? -1))]
        })
      )
    )
    expect(matched).toEqual(matches)
  })
})
