import sharp from 'sharp'
import { randomStream } from './random-stream.js'
import type { Scene } from './scene.js'

/** Standard deviation of the sensor noise, in steps of 0–255. */
const noise = 5

/** Draws a scene: RGB bytes, row by row, with a little noise. Rejects where sharp does. */
export const renderScene = async (scene: Scene): Promise<Uint8Array> => {
  const { data } = await sharp(Buffer.from(scene.svg))
    .flatten()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return addNoise(data, scene.noiseKey)
}

/** Encodes the RGB bytes of a scene as JPEG, without chroma subsampling. */
export const encodeScene = (pixels: Uint8Array, width: number, height: number): Promise<Buffer> =>
  sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
    .toBuffer()

const addNoise = (pixels: Uint8Array, key: number): Uint8Array => {
  const { uniform } = randomStream(key)
  // The sum of two uniforms, centred: a triangle of variance 1/6.
  const reach = noise * Math.sqrt(6)
  return pixels.map((value) => Math.min(255, Math.max(0, Math.round(value + reach * (uniform() + uniform() - 1)))))
}
