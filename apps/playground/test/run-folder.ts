import { either as E } from 'fp-ts'
import { toStateDict } from '@tabula/nn'
import { encodeSafetensors, key } from '@tabula/tensor'
import { decodeConfig, modelOf } from '@tabula/train/run'

/** A configuration of a small detector. */
const config = {
  model: {
    blocks: [1, 1],
    width: 8,
    groups: 4,
    pyramid: { channels: 8 },
    anchors: { sizes: [[16], [32], [64]], ratios: [1] },
    boxHead: { convs: 0, width: 16 },
    maskHead: { convs: 1, channels: 8 },
    proposals: { testBefore: 20, testAfter: 10 },
    detections: { count: 5 }
  },
  data: { minSize: 64, maxSize: 96 },
  optimization: { steps: 100 }
}

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** The files of a run whose weights are random, as `tabula train` writes them. */
export const runFiles = (): { readonly config: string; readonly checkpoint: Uint8Array } => {
  const categories = [
    { id: 1, name: 'cat' },
    { id: 2, name: 'dog' }
  ]
  const model = modelOf(right(decodeConfig(config, 'config.json')), categories.length + 1)
  const progress = { step: 7, position: { epoch: 0, index: 0 }, seen: { images: 0, instances: 0, pixels: 0 }, seed: 0, digest: '', categories }
  return { config: JSON.stringify(config), checkpoint: right(encodeSafetensors(Object.entries(toStateDict(model.init(key(0)))), [['tabula', JSON.stringify(progress)]])) }
}
