import { checkpoint, valueAndGrad } from '@tabula/autodiff'
import { groupNormalize } from '@tabula/nn'
import { add, conv2d, floats, mul, relu, sub, total } from '@tabula/tensor'
import type { HostValue, Shape, Tensor } from '@tabula/tensor'
import { noise } from '../workloads.js'

type Real = Tensor<Shape, 'f32'>

/** Weights of two convolutions of a residual block. */
export interface Block<Leaf> {
  readonly first: Leaf
  readonly second: Leaf
}

const blocks = 24
const channels = 32
const side = 128
const images = 2

/** Two convolutions with group normalization and ReLU, added to what enters: nine maps that its derivative reads. */
const block = (x: Real, { first, second }: Block<Real>): Real => {
  const convolve = (y: Real, w: Real): Real => groupNormalize(conv2d(w, { padding: 1 })(y), { groups: 8 })
  return relu(add(x, convolve(relu(convolve(x, first)), second))) as Real
}

/** The chain's initial weights. */
export const chainWeights = (): readonly Block<HostValue<'f32'>>[] => {
  const drawn = (seed: number): HostValue<'f32'> => floats([channels, channels, 3, 3], noise(channels * channels * 9, seed).map((x) => x * 0.1))
  return Array.from({ length: blocks }, (_, index) => ({ first: drawn(2 * index + 1), second: drawn(2 * index + 2) }))
}

/** What enters the chain. */
export const chainInput = (): HostValue<'f32'> => floats([images, channels, side, side], noise(images * channels * side * side, 0))

/** A step of gradient descent through 24 blocks, each of them computed again in the backward pass or not. */
export const chainStep =
  (recompute: boolean) =>
  (weights: readonly Block<Real>[], { x }: { readonly x: Real }): readonly [readonly Block<Real>[], Real] => {
    const applied = recompute ? checkpoint(block) : block
    const loss = (parameters: readonly Block<Real>[]): Real => {
      const y = parameters.reduce((held, parameter) => applied(held, parameter), x)
      return mul(total(mul(y, y)), 1e-7) as Real
    }
    const { value, gradient } = valueAndGrad(loss)(weights)
    const moved = (before: Real, by: Real | undefined): Real => (by === undefined ? before : (sub(before, mul(by, 1e-3)) as Real))
    return [weights.map(({ first, second }, index) => ({ first: moved(first, gradient[index]?.first), second: moved(second, gradient[index]?.second) })), value]
  }
