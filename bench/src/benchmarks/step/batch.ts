import { floats, hostValue, integers } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import type { Recording } from '../../parity/files.js'
import { noise } from '../workloads.js'
import type { StepSize } from './model.js'

/** PyTorch's batch under the names of the recordings. */
export const renamed = (batch: Recording): Recording => new Map([...batch].map(([name, value]) => [name.replace(/^(boxes|labels|masks)(\d+)$/, 'gt$2.$1'), value]))

/** A batch of noise with six rectangles an image, where no PyTorch is at hand to give one. */
export const ownBatch = (size: StepSize): Recording => {
  const [height, width, count] = size === 'small' ? [256, 256, 2] : [800, 1333, 1]
  const objects = 6
  return new Map(
    Array.from({ length: count }, (_, i): readonly (readonly [string, HostValue])[] => {
      const random = noise(objects * 5, 100 + i).map((x) => (x + 1) / 2)
      const corners = Array.from({ length: objects }, (_, k) => {
        const [a = 0, b = 0, c = 0, d = 0] = random.subarray(5 * k, 5 * k + 4)
        const [x, y] = [a * width * 0.6, b * height * 0.6]
        return [x, y, x + c * width * 0.3 + 12, y + d * height * 0.3 + 12] as const
      })
      const masks = new Uint8Array(objects * height * width)
      corners.forEach(([x0, y0, x1, y1], k) => {
        for (let y = Math.floor(y0); y < Math.floor(y1); y++) masks.fill(1, (k * height + y) * width + Math.floor(x0), (k * height + y) * width + Math.floor(x1))
      })
      return [
        [`image${i}`, floats([3, height, width], noise(3 * height * width, 10 + i).map((x) => (x + 1) / 2))],
        [`gt${i}.boxes`, floats([objects, 4], corners.flat())],
        [`gt${i}.labels`, integers([objects], corners.map((_, k) => 1 + Math.floor((random[5 * k + 4] ?? 0) * 79)))],
        [`gt${i}.masks`, hostValue('bool', [objects, height, width], masks)]
      ]
    }).flat()
  )
}
