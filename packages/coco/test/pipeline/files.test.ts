import fs from 'node:fs/promises'
import { deflateSync, crc32 } from 'node:zlib'
import { formatCocoError } from '@tabula/coco'
import { loadInstances, readImage } from '@tabula/coco/pipeline'
import { either as E, taskEither as TE } from 'fp-ts'
import type { CocoError } from '@tabula/coco'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { right } from '../fixtures.js'
import { folder, smallDataSet } from './folder.js'

const temporary = await folder()
afterAll(temporary.remove)
const { at } = temporary

/** The message of the error that a task ends with. */
const failure = async <A>(task: TE.TaskEither<CocoError, A>): Promise<string> => {
  const result = await task()
  if (E.isRight(result)) throw new Error('expected an error')
  return formatCocoError(result.left)
}

describe('annotation files', () => {
  it('are read, with or without a byte order mark', async () => {
    const instances = await smallDataSet(at)
    await fs.writeFile(at('good.json'), JSON.stringify(instances))
    await fs.writeFile(at('marked.json'), `\uFEFF${JSON.stringify(instances)}`)
    expect(right(await loadInstances(at('good.json'))())).toEqual(instances)
    expect(right(await loadInstances(at('marked.json'))())).toEqual(instances)
  })
  it.each([
    ['missing.json', undefined, /no such file/],
    ['empty.json', '', /an empty file/],
    ['truncated.json', '{"images": [{"id": 1, "file_name": "a.j', /breaks off after 39 characters.*truncated/s],
    ['text.json', 'id,name\n1,cat', /not JSON.*Give a JSON file/s],
    ['broken.json', '{"images": [1,, 2]}', /not JSON/],
    ['list.json', '[]', /a JSON object with images, annotations and categories/],
    ['parts.json', '{"images": []}', /annotations: expected a list.*\n.*categories: expected a list/]
  ])('%s gives one message with the file and what to do', async (name, text, message) => {
    if (text !== undefined) await fs.writeFile(at(name), text)
    const shown = await failure(loadInstances(at(name)))
    expect(shown).toContain(at(name))
    expect(shown).toMatch(message)
  })
  it('may not be folders', async () => {
    await fs.mkdir(at('folder.json'))
    expect(await failure(loadInstances(at('folder.json')))).toMatch(/found a folder/)
  })
})

const chunk = (type: string, data: Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** A PNG file that claims to be of this size, and holds next to nothing. */
const hugePng = (width: number, height: number): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(100))), chunk('IEND', Buffer.alloc(0))])
}

describe('images that cannot be used', () => {
  beforeAll(async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, k) => (k * 7919) % 251)
    const raw = { raw: { width: 64, height: 64, channels: 3 } } as const
    const jpeg = await sharp(noise, raw).jpeg().toBuffer()
    const png = await sharp(noise, raw).png().toBuffer()
    await fs.writeFile(at('cut.jpg'), jpeg.subarray(0, jpeg.length / 2))
    await fs.writeFile(at('cut.png'), png.subarray(0, png.length / 2))
    await fs.writeFile(at('head.jpg'), jpeg.subarray(0, 40))
    await fs.writeFile(at('empty.jpg'), '')
    await fs.writeFile(at('text.jpg'), 'This is not an image.')
    await fs.writeFile(at('huge.png'), hugePng(60_000, 60_000))
  })
  it.each([
    ['none.jpg', /no such file.*Check the path/s],
    ['empty.jpg', /an empty file/],
    ['text.jpg', /no image format/],
    ['cut.jpg', /truncated or damaged/],
    ['cut.png', /truncated or damaged/],
    ['head.jpg', /truncated or damaged|no image format/],
    ['huge.png', /at most 100 million pixels, found 60000 × 60000/]
  ])('%s gives a message with the file and what to do', async (name, message) => {
    const shown = await failure(readImage(at(name)))
    expect(shown).toContain(at(name))
    expect(shown).toMatch(message)
  })
})
