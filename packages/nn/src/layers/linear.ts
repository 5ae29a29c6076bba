import { add, matmul, transpose } from '@tabula/tensor'
import { torchUniform, zerosInit } from '../init/initializers.js'
import type { Initializer } from '../init/initializers.js'
import { drawLeaf, stateless } from '../layer.js'
import type { Layer } from '../layer.js'
import type { Spatial } from '../signature.js'
import type { NoLeaves } from '../tree.js'
import type { WeightAndBias } from './convolution.js'

/** Initial distributions of a linear layer. */
export interface LinearOptions {
  readonly init?: Initializer
  readonly biasInit?: Initializer
}

/** x·Wᵀ + b on `[R, In]` rows (PyTorch's `Linear`): `weight` `[Out, In]`, `bias` `[Out]`. */
export const linear = <const In extends number, const Out extends number>(
  inputs: In,
  outputs: Out,
  { init = torchUniform, biasInit = zerosInit }: LinearOptions = {}
): Layer<WeightAndBias, NoLeaves, Spatial<In, Out, 1>> =>
  stateless<WeightAndBias, Spatial<In, Out, 1>>(
    (key, path) => ({ weight: drawLeaf(init, key, path, 'weight', [outputs, inputs]), bias: drawLeaf(biasInit, key, path, 'bias', [outputs]) }),
    ({ weight, bias }, x) => add(matmul(x, transpose([1, 0])(weight)), bias)
  )
