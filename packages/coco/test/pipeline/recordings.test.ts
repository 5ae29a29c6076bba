import fs from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { readImage, rcnnTransform } from '@tabula/coco/pipeline'
import type { HostValue } from '@tabula/tensor'
import { decodeSafetensors } from '@tabula/tensor'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { distance, recording, right } from '../fixtures.js'

const images = new URL('../../../../fixtures/images/', import.meta.url)
const torch = new URL('../../../../fixtures/torch/', import.meta.url)

const tensors = (bytes: Uint8Array): ((name: string) => HostValue) => {
  const { tensors: all } = right(decodeSafetensors(bytes))
  return (name) => {
    const value = all.get(name)
    if (value === undefined) throw new Error(`no recording ${name}`)
    return value
  }
}

const Files = t.type({
  files: t.array(t.type({ file: t.string, width: t.number, height: t.number, mode: t.string, options: t.partial({ subsampling: t.number }) }))
})

describe('images decode to the recorded pixels', () => {
  const { files } = recording(Files, new URL('images.json', images))
  const pixels = tensors(gunzipSync(fs.readFileSync(new URL('pixels.safetensors.gz', images))))
  it.each(files)('$file', async ({ file, width, height, mode, options }) => {
    const image = right(await readImage(fileURLToPath(new URL(file, images)))())
    const { data, shape } = pixels(file)
    const channels = shape[2] ?? 1
    const want = Uint8Array.from({ length: width * height * 3 }, (_, k) => {
      const value = data[Math.floor(k / 3) * channels + (channels === 1 ? 0 : k % 3)] ?? 0
      return mode === 'I' ? value >> 8 : value
    })
    expect([image.width, image.height]).toEqual([width, height])
    const tolerance = file.endsWith('.png') ? 0 : (options.subsampling ?? 0) === 0 ? 2 : 3
    expect(distance(image.data, want)).toBeLessThanOrEqual(tolerance)
  })
})

const Cases = t.array(t.type({ name: t.string, op: t.string, attrs: t.UnknownRecord }))
const Transform = t.type({ min_size: t.number, max_size: t.number, mean: t.array(t.number), std: t.array(t.number), size_divisible: t.number })

describe("the transform is torchvision's", () => {
  const cases = recording(Cases, new URL('cases.json', torch)).filter(({ op }) => op === 'rcnn_transform')
  const recorded = tensors(fs.readFileSync(new URL('pipeline.safetensors', torch)))
  it.each(cases)('$name', ({ name, attrs }) => {
    const { min_size: minSize, max_size: maxSize, mean, std, size_divisible: sizeDivisible } = right(Transform.decode(attrs))
    const value = (part: string): HostValue => recorded(`${name}/${part}`)
    const inputs = [0, 1].map((k) => {
      const { shape: [, height = 0, width = 0], data } = value(`in.img${k}`)
      return { height, width, image: Float32Array.from(data), boxes: Float32Array.from(value(`in.boxes${k}`).data), masks: Uint8Array.from(value(`in.masks${k}`).data) }
    })
    const { batch, height, width, images: outputs } = rcnnTransform({ minSize, maxSize, mean, std, sizeDivisible }, inputs)
    expect([outputs.length, 3, height, width]).toEqual(value('out.batch').shape)
    expect(distance(batch, value('out.batch').data)).toBeLessThan(1e-6)
    outputs.forEach((output, k) => {
      expect([output.height, output.width]).toEqual([...value(`out.size${k}`).data])
      expect(distance(output.boxes, value(`out.boxes${k}`).data)).toBeLessThan(1e-10)
      expect(distance(output.masks, value(`out.masks${k}`).data)).toBe(0)
    })
  })
})
