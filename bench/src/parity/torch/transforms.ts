import { constant, hostValue, integers as whole, valueOf } from '@tabula/tensor'
import type { HostValue } from '@tabula/tensor'
import { pasteMask } from '@tabula/detection'
import { rcnnTransform } from '@tabula/coco/pipeline'
import type { TransformInput } from '@tabula/coco/pipeline'
import type { Operations, Recorded } from './recorded.js'
import { elementwise } from './recorded.js'

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

/** The pasted masks of all boxes, `[N, 1, H, W]`. */
const pasted = ({ host, args }: Recorded): HostValue => {
  const [masks, boxes] = [host('masks'), host('boxes')]
  const [count = 0, , side = 0] = masks.shape
  const [height, width] = args.pair('size')
  const all = new Float64Array(count * height * width)
  const rule = { _tag: 'padded', padding: args.number('padding', 1), pixels: 'exclusive' } as const
  for (let index = 0; index < count; index++) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.data.subarray(4 * index, 4 * index + 4)
    all.set(pasteMask(rule, { probabilities: masks.data, start: index * side * side, side }, [x1, y1, x2, y2], { height, width }), index * height * width)
  }
  return hostValue('f32', [count, 1, height, width], all)
}

/** Group `pipeline`: what happens on the host, to images before the network (in single precision) and to masks after it. */
export const transforms: Operations = {
  paste_masks_in_image: elementwise((recorded) => constant(pasted(recorded))),
  rcnn_transform: {
    accuracy: 'elementwise',
    singlePrecision: true,
    build: ({ names, has, host, args }) => {
      const count = Array.from({ length: names.length }, (_, index) => index).filter((index) => has(`img${index}`)).length
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
