import { expect, it } from 'vitest'
import { formatOf } from '../src/worker/image-format.js'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

it.each([
  ['\xff\xd8\xff\xe0', 'a JPEG'],
  ['\x89PNG\r\n', 'a PNG'],
  ['RIFF1234WEBP', 'a WebP'],
  ['1234ftypavif', 'an AVIF'],
  ['1234ftypheic', 'a HEIC or film'],
  ['GIF89a', 'a GIF'],
  ['BM1234', 'a BMP'],
  ['hello, this is text', undefined],
  ['RIFF1234WAVE', undefined],
  ['', undefined]
])('%j begins %s', (text, format) => {
  expect(formatOf(bytes(text))).toBe(format)
})
