export { drawablesOf } from './drawables.js'
export { examplesOf } from './examples.js'
export { predictImages } from './predict-images.js'
export type { Prediction, Predictor } from './predict-images.js'
