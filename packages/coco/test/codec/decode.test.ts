import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { decodeInstances, decodeResults, formatCocoError } from '../../src/index.js'

const image = { id: 1, width: 20, height: 10, file_name: 'a.jpg', licence: 3 }
const annotation = { id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 5, 5], area: 25, iscrowd: 0, segmentation: [[1, 1, 6, 1, 6, 6, 1, 6]] }
const file = { images: [image], annotations: [annotation], categories: [{ id: 1, name: 'thing' }], info: { year: 2026 } }
const problems = (json: unknown): string => {
  const decoded = decodeInstances(json, 'instances.json')
  return E.isLeft(decoded) ? formatCocoError(decoded.left) : ''
}
const withAnnotation = (change: object) => ({ ...file, annotations: [{ ...annotation, ...change }] })

describe('decodeInstances', () => {
  test('keeps unknown fields', () => expect(decodeInstances(file, 'f')).toEqual(E.right(file)))
  test.each([
    ['not an object', 3, 'a JSON object'],
    ['no images', { ...file, images: undefined }, 'images: expected a list'],
    ['a text for an id', withAnnotation({ id: 'x' }), 'annotations[0].id: expected number, found "x"'],
    ['a box of three numbers', withAnnotation({ bbox: [1, 2, 3] }), 'annotations[0].bbox[3]: expected number, found nothing'],
    ['an unknown category', withAnnotation({ category_id: 7 }), 'annotations[0].category_id: expected the id of a category of this file, found 7'],
    ['an annotation for no image', withAnnotation({ image_id: 9 }), 'annotations[0].image_id'],
    ['duplicate ids', { ...file, annotations: [annotation, annotation] }, 'annotations[1].id: expected an id of its own, found 1, as in annotations[0]'],
    ['a box outside the image', withAnnotation({ bbox: [1, 1, 50, 5] }), 'inside the 20 × 10 image'],
    ['a box without width', withAnnotation({ bbox: [1, 1, 0, 5] }), 'positive width'],
    ['a polygon of 4 numbers', withAnnotation({ segmentation: [[1, 1, 2, 2]] }), 'annotations[0].segmentation[0]'],
    ['run lengths of another size', withAnnotation({ segmentation: { size: [5, 5], counts: [25] } }), 'annotations[0].segmentation.size'],
    ['run lengths that do not fill the image', withAnnotation({ segmentation: { size: [10, 20], counts: [5] } }), 'annotations[0].segmentation.counts'],
    ['a name that climbs out', { ...file, images: [{ ...image, file_name: '../../etc/passwd' }] }, 'images[0].file_name'],
    ['an absolute name', { ...file, images: [{ ...image, file_name: '/etc/passwd' }] }, 'images[0].file_name']
  ])('%s', (_name, json, text) => expect(problems(json)).toContain(text))
  test('shows twenty problems and counts the rest', () => {
    const text = problems({ ...file, annotations: Array.from({ length: 30 }, (_, k) => ({ ...annotation, id: k + 1, category_id: 5 })) })
    expect(text.split('\n')).toHaveLength(22)
    expect(text).toContain('30 problems')
    expect(text).toContain('… and 10 more.')
  })
  test('results name the entry', () => {
    const decoded = decodeResults([{ image_id: 1, category_id: 1 }], 'r.json')
    expect(E.isLeft(decoded) && formatCocoError(decoded.left)).toContain('[0].score')
  })
  test.each([
    ['of another kind', { annotations: [] }, 'expected a list of results, found {"annotations":[]}'],
    ['without a finite score', [{ image_id: 1, category_id: 1, score: Infinity }], '[0].score: expected a finite number, found Infinity'],
    ['without a finite box', [{ image_id: 1, category_id: 1, score: 1, bbox: [0, 0, Infinity, 1] }], '[0].bbox: expected finite numbers, found 0, 0, Infinity, 1']
  ])('results %s are refused', (_name, json, text) => {
    const decoded = decodeResults(json, 'r.json')
    expect(E.isLeft(decoded) && formatCocoError(decoded.left)).toContain(text)
  })
  test('an empty list for a box of a result is no box', () => {
    expect(decodeResults([{ image_id: 1, category_id: 1, score: 1, bbox: [] }], 'r.json')).toEqual(E.right([{ image_id: 1, category_id: 1, score: 1 }]))
  })
})
