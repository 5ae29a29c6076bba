import { constant, integers as whole, valueOf } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { rcnnTransform } from '@tabula/coco/pipeline'
import type { TransformInput } from '@tabula/coco/pipeline'
import type { Operations, Recorded } from './recorded.js'

const inputOf = (host: Recorded['host'], index: number): TransformInput => {
  const image = host(`img${index}`)
  const [, height = 0, width = 0] = image.shape
  return {
    height,
    width,
    image: Float32Array.from(image.data),
    boxes: Float32Array.from(host(`boxes${index}`).data),
    masks: Uint8Array.from(host(`masks${index}`).data)
  }
}

/** Results of each image under its own name, `boxes0`, `boxes1` … */
const numbered = (name: string, values: readonly HostValue[]) => Object.fromEntries(values.map((value, index) => [`${name}${index}`, constant(value)]))

/** Group `pipeline`: what happens to images before the network. It runs on the host, in single precision. */
export const transforms: Operations = {
  rcnn_transform: {
    accuracy: 'elementwise',
    singlePrecision: true,
    build: ({ has, host, args }) => {
      const count = [0, 1, 2, 3].filter((index) => has(`img${index}`)).length
      const inputs = Array.from({ length: count }, (_, index) => inputOf(host, index))
      const options = {
        minSize: args.number('min_size'),
        maxSize: args.number('max_size'),
        mean: args.list('mean'),
        std: args.list('std'),
        sizeDivisible: args.number('size_divisible')
      }
      const { batch, height, width, images } = rcnnTransform(options, inputs)
      return {
        batch: constant(valueOf('f32', [count, 3, height, width], batch)),
        ...numbered('size', images.map((image) => whole([2], [image.height, image.width]))),
        ...numbered('boxes', images.map(({ boxes }) => valueOf('f32', [boxes.length / 4, 4], boxes))),
        ...numbered('masks', images.map((image) => whole([image.masks.length / (image.height * image.width), image.height, image.width], image.masks)))
      }
    }
  }
}
