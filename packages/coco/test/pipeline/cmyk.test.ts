import { expect, test } from 'vitest'
import { decodeImage } from '@tabula/coco/pipeline'
import { right } from '../fixtures.js'

/** 3 × 5 pixels of cyan, magenta, yellow and black, written by Pillow 9.4. */
const file = '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAGBAUGBQQGBgUGBwcGCAoQCgoJCQoUDg8MEBcUGBgXFBYWGh0lHxobIxwWFiAsICMmJykqKRkfLTAtKDAlKCko/8AAFAgABQADBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwDxnU9du2v5yW6t615de65dG6lOe/rXnV1rd19ofnv61wlxrFz5z89/Wv/Z'

/** What Pillow's `convert('RGB')` makes of it. */
const pixels = [65, 64, 64, 49, 53, 55, 36, 43, 48, 51, 51, 52, 38, 42, 44, 27, 34, 38, 39, 41, 42, 27, 32, 34, 18, 25, 28, 28, 31, 32, 19, 24, 26, 12, 18, 21, 21, 23, 25, 13, 17, 19, 8, 13, 15]

test('a JPEG of four printing colours becomes what Pillow makes of it', async () => {
  const image = right(await decodeImage(Buffer.from(file, 'base64'), 'print.jpg')())
  expect([image.width, image.height]).toEqual([3, 5])
  expect(Array.from(image.data)).toEqual(pixels)
})
