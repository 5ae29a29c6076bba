const text = (bytes: Uint8Array, start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end))

/** The format of an image by a file's first 12 bytes, with its article; `undefined` where they belong to none that browsers know. */
export const formatOf = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'a JPEG'
  if (bytes[0] === 0x89 && text(bytes, 1, 4) === 'PNG') return 'a PNG'
  if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return 'a WebP'
  if (text(bytes, 4, 12) === 'ftypavif') return 'an AVIF'
  if (text(bytes, 4, 8) === 'ftyp') return 'a HEIC or film'
  if (text(bytes, 0, 4) === 'GIF8') return 'a GIF'
  if (text(bytes, 0, 2) === 'BM') return 'a BMP'
  return undefined
}
