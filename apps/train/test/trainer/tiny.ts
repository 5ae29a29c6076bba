import { either as E } from 'fp-ts'
import { decodeConfig } from '../../src/config/index.js'
import type { Config } from '../../src/config/index.js'

/** What succeeded; throws what failed. */
export const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

/** The smallest detector that trains, on images of 64 pixels; 20 steps where not said otherwise. */
export const tiny = (optimization: object = {}): Config =>
  right(
    decodeConfig(
      {
        model: {
          blocks: [1, 1], width: 4, groups: 2,
          pyramid: { channels: 4 },
          anchors: { sizes: [[16], [32], [64]] },
          boxHead: { convs: 1, width: 8 },
          maskHead: { convs: 1, channels: 4 },
          proposals: { trainBefore: 16, trainAfter: 8, testBefore: 16, testAfter: 8 },
          rpnBatch: 16,
          regions: { batch: 4 },
          canonicalScale: 64,
          detections: { count: 5, scoreThreshold: 0.01 }
        },
        data: { minSize: 64, maxSize: 64, fixedSize: [64, 64], maxObjects: 4 },
        optimization: { steps: 20, batch: 2, learningRate: 0.01, warmUp: { steps: 5 }, ...optimization },
        evaluation: { batch: 2 },
        checkpoint: { every: 6 }
      },
      'tiny'
    )
  )
