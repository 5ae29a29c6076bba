import { normal as standardNormal, floats, sizeOf, uniform as uniformValues } from '@tabula/tensor'
import type { HostValue, Key, Sizes } from '@tabula/tensor'

/** A named distribution of initial weights. */
export interface Initializer {
  readonly name: string
  readonly draw: (key: Key, shape: Sizes) => HostValue<'f32'>
}

/** Inputs that an output sums over: all sizes but the first (weights are `[out, in, …kernel]`). */
export const fanIn = (shape: Sizes): number => sizeOf(shape) / (shape[0] ?? 1)

/** Outputs that an input reaches: all sizes but the second. */
export const fanOut = (shape: Sizes): number => sizeOf(shape) / (shape[1] ?? 1)

const fanOf = (fan: 'in' | 'out', shape: Sizes): number => Math.max(1, fan === 'in' ? fanIn(shape) : fanOut(shape))

/** Normal with mean 0 and this standard deviation. */
export const normalInit = (deviation: number): Initializer => ({
  name: `normal(${deviation})`,
  draw: (key, shape) => floats(shape, standardNormal(key, shape).data.map((x) => x * deviation))
})

/** He et al. 2015 ("MSRA") for ReLU: normal with variance 2 / fan. `out` is Caffe2's `MSRAFill` and detectron2's `c2_msra_fill`. */
export const heNormal = (fan: 'in' | 'out' = 'out'): Initializer => ({
  name: `heNormal(${fan})`,
  draw: (key, shape) => normalInit(Math.sqrt(2 / fanOf(fan, shape))).draw(key, shape)
})

/** Uniform in ±√(6 / fan): the variance of `heNormal`. */
export const heUniform = (fan: 'in' | 'out' = 'in'): Initializer => ({
  name: `heUniform(${fan})`,
  draw: (key, shape) => symmetric(Math.sqrt(6 / fanOf(fan, shape))).draw(key, shape)
})

/** Caffe2's `XavierFill` (detectron2's `c2_xavier_fill`): uniform in ±√(3 / fan in). */
export const xavierUniform: Initializer = {
  name: 'xavierUniform',
  draw: (key, shape) => symmetric(Math.sqrt(3 / fanOf('in', shape))).draw(key, shape)
}

/** Glorot & Bengio 2010, PyTorch's `xavier_uniform_`: uniform in ±√(6 / (fan in + fan out)). */
export const glorotUniform: Initializer = {
  name: 'glorotUniform',
  draw: (key, shape) => symmetric(Math.sqrt(6 / (fanIn(shape) + fanOut(shape)))).draw(key, shape)
}

/** PyTorch's default for convolutions and linear layers: uniform in ±1/√(fan in). */
export const torchUniform: Initializer = {
  name: 'torchUniform',
  draw: (key, shape) => symmetric(1 / Math.sqrt(fanOf('in', shape))).draw(key, shape)
}

/** Uniform in ±bound. */
export const symmetric = (bound: number): Initializer => ({
  name: `uniform(±${bound})`,
  draw: (key, shape) => uniformValues(key, shape, -bound, bound)
})

/** Every element the constant x; the key is not used. */
export const filled = (x: number): Initializer => ({
  name: `filled(${x})`,
  draw: (_key, shape) => floats(shape, new Float32Array(sizeOf(shape)).fill(x))
})

/** Every element 0: usual for biases, and for β of a norm. */
export const zerosInit: Initializer = { ...filled(0), name: 'zeros' }

/** Every element 1: usual for γ of a norm. */
export const onesInit: Initializer = { ...filled(1), name: 'ones' }
