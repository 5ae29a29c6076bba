import { relu as rectify, sigmoid as logistic, tanh as hyperbolicTangent } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { pure } from '../layer.js'
import type { Layer } from '../layer.js'
import type { Pointwise } from '../signature.js'
import type { NoLeaves } from '../tree.js'

/** Any elementwise function as a layer: `pointwise(gelu)`. */
export const pointwise = (f: (x: Tensor<Shape, 'f32'>) => Tensor<Shape, 'f32'>): Layer<NoLeaves, NoLeaves, Pointwise> => pure<Pointwise>(f)

/** max(x, 0). */
export const relu = pointwise((x) => rectify(x))

/** 1 / (1 + e^−x). */
export const sigmoid = pointwise((x) => logistic(x))

/** Hyperbolic tangent. */
export const tanh = pointwise((x) => hyperbolicTangent(x))
