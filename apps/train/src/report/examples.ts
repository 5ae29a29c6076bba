import { escapeHtml } from './escape.js'
import type { Example } from './data.js'

/** Bytes that the pictures may take in the page; with the rest it stays under 3 MB. */
const budget = 2_400_000

/** The pairs of pictures as HTML; those that would make the page too large are left out, and counted. */
export const exampleGrid = (examples: readonly Example[]): string => {
  let left = budget
  const shown = examples.filter(({ groundTruthPng, predictionPng }) => {
    const bytes = Math.ceil((groundTruthPng.length + predictionPng.length) / 3) * 4
    left -= bytes
    return left >= 0
  })
  const omitted = examples.length - shown.length
  const note = omitted === 0 ? '' : `<p>${omitted} more pairs were left out to keep this file under 3 MB.</p>`
  return `<ul class="pairs">${shown.map(pair).join('')}</ul>${note}`
}

const pair = ({ caption, groundTruthPng, predictionPng }: Example): string => {
  const text = escapeHtml(caption)
  return (
    `<li><figure><div class="pair">${picture(groundTruthPng, `Ground truth: ${text}`, 'Ground truth')}` +
    `${picture(predictionPng, `Prediction: ${text}`, 'Prediction')}</div><figcaption>${text}</figcaption></figure></li>`
  )
}

const picture = (bytes: Uint8Array, alternative: string, title: string): string => {
  const size = sizeOf(bytes)
  const dimensions = size === undefined ? '' : ` width="${size.width}" height="${size.height}"`
  const type = bytes[0] === 0xff ? 'jpeg' : 'png'
  return `<div><span class="tag">${title}</span><img${dimensions} alt="${alternative}" src="data:image/${type};base64,${Buffer.from(bytes).toString('base64')}"></div>`
}

/** Size from the header of a PNG or JPEG file, so that the page does not jump while pictures load. */
export const sizeOf = (bytes: Uint8Array): { readonly width: number; readonly height: number } | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length >= 24 && view.getUint32(0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) }
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1] ?? 0
    // SOF0–SOF15, without DHT, JPG and DAC, hold the frame's size.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) }
  }
  return undefined
}
