import type { Operations } from './recorded.js'

const skip = { skip: 'keypoint operations do not exist yet' }

/** Group `pipeline`, keypoints. */
export const keypoints: Operations = { heatmaps_to_keypoints: skip, keypoints_to_heatmap: skip }
