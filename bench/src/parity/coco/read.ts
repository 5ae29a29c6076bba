import { either as E } from 'fp-ts'
import { Annotation, Category, Image, Result } from '@tabula/coco'
import type { Instances } from '@tabula/coco'

/** A record of JSON. */
export type Json = Readonly<Record<string, unknown>>

export const isRecord = (x: unknown): x is Json => typeof x === 'object' && x !== null && !Array.isArray(x)

/** A list of records. Throws where it is none. */
export const records = (x: unknown, what: string): readonly Json[] => {
  if (Array.isArray(x) && x.every(isRecord)) return x
  throw new Error(`${what}: expected a list of records`)
}

export const textOf = (row: Json, key: string): string => {
  const found = row[key]
  if (typeof found === 'string') return found
  throw new Error(`${key}: expected text, found ${JSON.stringify(found)}`)
}

export const numberOf = (row: Json, key: string): number => {
  const found = row[key]
  if (typeof found === 'number') return found
  throw new Error(`${key}: expected a number, found ${JSON.stringify(found)}`)
}

/** A list of numbers; null stands for NaN. */
export const numbersOf = (x: unknown, what: string): readonly number[] => {
  if (Array.isArray(x)) return x.map((n) => (typeof n === 'number' ? n : NaN))
  throw new Error(`${what}: expected numbers, found ${JSON.stringify(x)}`)
}

/** The rows of a matrix. */
export const rowsOf = (x: unknown, what: string): readonly (readonly number[])[] => {
  if (Array.isArray(x)) return x.map((row) => numbersOf(row, what))
  throw new Error(`${what}: expected rows of numbers`)
}

/** A list read entry by entry. Throws at the first one that does not decode. */
const listOf = <A>(codec: { readonly decode: (x: unknown) => E.Either<unknown, A> }, list: unknown, what: string): readonly A[] =>
  records(list, what).map((entry, index) => {
    const decoded = codec.decode(entry)
    if (E.isLeft(decoded)) throw new Error(`${what}[${index}] does not decode`)
    return decoded.right
  })

/** Ground truth by the entries' codecs alone: recorded cases hold on purpose what a data set may not, such as boxes outside images. */
export const instancesOf = (json: unknown): Instances => {
  if (!isRecord(json)) throw new Error('ground truth: expected a record')
  return {
    images: listOf<Image>(Image, json['images'], 'images'),
    annotations: listOf<Annotation>(Annotation, json['annotations'], 'annotations'),
    categories: listOf<Category>(Category, json['categories'], 'categories')
  }
}

/** Detections by their codec. */
export const resultsOf = (json: unknown): readonly Result[] => listOf<Result>(Result, json, 'results')
