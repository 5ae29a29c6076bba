import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { either as E } from 'fp-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import sharp from 'sharp'
import { cocoError } from '@tabula/coco'
import type { Image, Problem } from '@tabula/coco'
import { readImage } from '@tabula/coco/pipeline'
import { messageOf } from '@tabula/tensor'
import type { Split } from '../evaluate/index.js'
import { badFile } from '../failure.js'
import type { Failure } from '../failure.js'

/** Pixels of a split whose images are decoded, and images whose headers are read; of larger ones, only the files are looked for. */
const [mostPixels, mostHeaders] = [64_000_000, 5000]

/** Pixels of the largest image that is read. */
const largestImage = 100_000_000

/** Files looked at at a time. */
const atOnce = 16

/** How much of an image is looked at. */
type Depth = 'file' | 'header' | 'pixels'

/** What is wrong with an image's file. */
const problemOf = async ({ id, width, height, file_name }: Image, imageDirectory: string, depth: Depth): Promise<Problem | undefined> => {
  const file = join(imageDirectory, file_name)
  const path = `file_name of image ${id}`
  const found = await stat(file).catch((cause: unknown) => (cause instanceof Error && 'code' in cause && ['ENOENT', 'ENOTDIR'].includes(String(cause.code)) ? 'no such file' : messageOf(cause)))
  if (typeof found === 'string') return { path, expected: `an image, ${file}`, found, remedy: 'Restore the file, or correct its name or the image folder.' }
  if (!found.isFile()) return { path, expected: `an image, ${file}`, found: found.isDirectory() ? 'a folder' : 'no regular file', remedy: 'Put an image in its place.' }
  if (depth === 'file') return undefined
  const header = await sharp(file, { limitInputPixels: false, pages: 1 })
    .metadata()
    .catch(() => (found.size === 0 ? 'an empty file' : 'a file in no image format that can be read'))
  if (typeof header === 'string') return { path, expected: `an image, ${file}`, found: header, remedy: 'Replace the file by an intact JPEG or PNG.' }
  const size = { width: header.width, height: header.pageHeight ?? header.height }
  if (size.width * size.height <= largestImage && (size.width !== width || size.height !== height)) {
    return { path: `width and height of image ${id}`, expected: `those of ${file}, ${size.width} × ${size.height}`, found: `${width} × ${height}`, remedy: 'Correct them, and the annotations with them, or restore the image.' }
  }
  if (size.width * size.height <= largestImage && depth === 'header') return undefined
  const read = await readImage(file)()
  const [problem] = E.isLeft(read) ? read.left.problems : []
  return problem === undefined ? undefined : { ...problem, path, found: `${problem.found}, ${file}` }
}

/**
 * `Left` with all images of a split whose files are missing, are no images, or have another size than the annotation file says; where
 * `decoded`, also those that are damaged, in a split so small that this takes seconds.
 */
export const checkImages =
  ({ file, instances: { images }, imageDirectory }: Split, decoded: boolean): TaskEither<Failure, void> =>
  async () => {
    const pixels = images.reduce((sum, { width, height }) => sum + width * height, 0)
    const depth = images.length > mostHeaders ? 'file' : decoded && pixels <= mostPixels ? 'pixels' : 'header'
    const problems: Problem[] = []
    for (let from = 0; from < images.length; from += atOnce) {
      const part = images.slice(from, from + atOnce)
      const found = await Promise.all(part.map((image) => problemOf(image, imageDirectory, depth)))
      problems.push(...found.filter((problem) => problem !== undefined))
    }
    return problems.length === 0 ? E.right(undefined) : E.left(badFile(cocoError(file, problems)))
  }
