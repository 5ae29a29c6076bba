import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { decodeSafetensors } from '@tabula/tensor'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Annotation, Category, Image, Result, evaluate } from '../../src/index.js'
import { distance, folder, recording, right } from '../fixtures.js'

const numbers = t.array(t.number)
const parameters = t.partial({
  iouThrs: numbers,
  recThrs: numbers,
  maxDets: numbers,
  areaRng: t.array(t.tuple([t.number, t.number])),
  areaRngLbl: t.array(t.string),
  imgIds: numbers,
  catIds: numbers,
  useCats: t.number,
  kpt_oks_sigmas: numbers
})
const iouType = t.union([t.literal('bbox'), t.literal('segm'), t.literal('keypoints')])
const GroundTruth = t.type({ images: t.array(Image), annotations: t.array(Annotation), categories: t.array(Category) })
const TinyCases = t.array(
  t.type({ gt: GroundTruth, dt: t.array(Result), iouType, params: parameters, stats: numbers, recall: numbers, perCategoryAP: t.record(t.string, t.union([t.number, t.null])) })
)
const settings = ({ useCats, kpt_oks_sigmas, ...rest }: t.TypeOf<typeof parameters>) => ({
  ...rest,
  ...(useCats === undefined ? {} : { useCats: useCats === 1 }),
  ...(kpt_oks_sigmas === undefined ? {} : { sigmas: kpt_oks_sigmas })
})

describe('recordings of the reference evaluation', () => {
  test.each(recording(TinyCases, new URL('tiny_cases.json', folder)).map((row, index) => [index, row] as const))('tiny case %i', (_index, row) => {
    const result = right(evaluate({ groundTruth: row.gt, results: row.dt, iouType: row.iouType, parameters: settings(row.params) }))
    expect(distance(result.stats, row.stats)).toBeLessThanOrEqual(1e-12)
    expect(distance(result.curves.recall, row.recall)).toBeLessThanOrEqual(1e-12)
    for (const { categoryId, averagePrecision } of result.perCategory) {
      const want = row.perCategoryAP[String(categoryId)]
      if (want === null || want === undefined) expect(averagePrecision).toBeUndefined()
      else expect(averagePrecision).toBeCloseTo(want, 12)
    }
  })

  const external = process.env['TABULA_FIXTURES']
  const Cases = t.array(t.intersection([t.type({ name: t.string, iouType, gt: t.string, dt: t.union([t.string, t.null]), params: parameters, stats: numbers }), t.partial({ arrays: t.union([t.string, t.null]) })]))
  if (external === undefined) {
    test('the recordings on real annotations are run where TABULA_FIXTURES names their folder', () => {
      console.warn('TABULA_FIXTURES is not set: the evaluations of real annotations were NOT compared.')
    })
  } else {
    const coco = path.join(external, 'coco')
    test.each(recording(Cases, path.join(coco, 'cases.json')))('$name', (row) => {
      const groundTruth = recording(GroundTruth, path.resolve(external, '../..', row.gt))
      const results = row.dt === null ? [] : recording(t.array(Result), path.join(coco, row.dt))
      const result = right(evaluate({ groundTruth, results, iouType: row.iouType, parameters: settings(row.params) }))
      expect(distance(result.stats, row.stats)).toBeLessThanOrEqual(1e-12)
      if (row.arrays === null || row.arrays === undefined) return
      const { tensors } = right(decodeSafetensors(zlib.gunzipSync(fs.readFileSync(path.join(coco, row.arrays)))))
      const array = (name: string) => tensors.get(name)?.data ?? []
      expect(distance(result.curves.precision, array('precision'))).toBeLessThanOrEqual(1e-12)
      expect(distance(result.curves.recall, array('recall'))).toBeLessThanOrEqual(1e-12)
      expect(distance(result.curves.scores, array('scores'))).toBeLessThanOrEqual(1e-12)
    })
  }
})
