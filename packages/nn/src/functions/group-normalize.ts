import { customVjp } from '@tabula/autodiff'
import { add, constant, div, floats, mul, neg, reshape, rsqrt, ShapeError, showShape, sizeOf, square, sub, sum, broadcastTo } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'

type Real = Tensor<Shape, 'f32'>

/** Into how many groups channels are parted, and what keeps the division finite. */
export interface GroupNormalizeOptions {
  readonly groups: number
  /** Added to the variance. */
  readonly eps?: number
}

/** The result and, for each image and group, `[N, G]`, the mean and 1/√(variance + ε): the derivative needs them again. */
interface Normalized {
  readonly y: Real
  readonly mean: Real
  readonly scale: Real
}

/** Sizes of the axes as the formulas name them: images, channels, groups, channels in a group, and elements of a group. */
interface Extents {
  readonly n: number
  readonly c: number
  readonly g: number
  readonly d: number
  readonly size: number
  readonly spatial: readonly number[]
}

const extentsOf = (x: Real, weight: Real, bias: Real, g: number): Extents => {
  const [n, c, ...spatial] = x.shape
  if (n === undefined || c === undefined) {
    throw new ShapeError({ operation: 'groupNormalize', operand: 'x', expected: 'at least two axes, [N, C, …]', found: showShape(x.shape) })
  }
  if (!Number.isInteger(g) || g < 1 || c % g !== 0) {
    throw new ShapeError({ operation: 'groupNormalize', operand: 'groups', expected: `a divisor of the ${c} channels of ${showShape(x.shape)}`, found: String(g) })
  }
  for (const [operand, vector] of [
    ['weight', weight],
    ['bias', bias]
  ] as const) {
    if (vector.shape.length !== 1 || vector.shape[0] !== c) {
      throw new ShapeError({ operation: 'groupNormalize', operand, expected: `[${c}]`, found: showShape(vector.shape) })
    }
  }
  return { n, c, g, d: c / g, size: (c / g) * sizeOf(spatial), spatial }
}

/** Sums of a map over its spatial axes: `[N, G, D]`. */
const channelSums = ({ n, g, d, spatial }: Extents, x: Real): Real =>
  reshape([n, g, d])(spatial.length === 0 ? x : sum({ axes: spatial.map((_, k) => k + 2) })(x))

/** Sums over the channels of a group: `[N, G, 1]`. */
const groupSums = (perChannel: Real): Real => sum({ axes: [2], keepDimensions: true })(perChannel)

/** A coefficient for each image and channel, ready to be combined with a map. */
const spread = ({ n, c, g, d, spatial }: Extents, coefficient: Real): Real =>
  reshape([n, c, ...spatial.map(() => 1)])(broadcastTo([n, g, d])(coefficient))

const perGroup = ({ g, d }: Extents, vector: Real): Real => reshape([1, g, d])(vector)

const forward =
  ({ groups, eps }: Required<GroupNormalizeOptions>) =>
  (x: Real, weight: Real, bias: Real): Normalized => {
    const e = extentsOf(x, weight, bias, groups)
    const mean = mul(groupSums(channelSums(e, x)), 1 / e.size)
    // Two passes: the squares of what is left after the mean, so a mean far from 0 does not cancel the variance.
    const variance = mul(groupSums(channelSums(e, square(sub(x, spread(e, mean))))), 1 / e.size)
    const scale = rsqrt(add(variance, eps))
    const slope = mul(perGroup(e, weight), scale)
    const offset = sub(perGroup(e, bias), mul(mean, slope))
    return { y: add(mul(x, spread(e, slope)), spread(e, offset)), mean, scale }
  }

/**
 * With S1 = Σdy and S2 = Σdy·x over height and width, every map-sized term of the derivative has one coefficient for each image and
 * channel: dx = γ·scale·dy + B·x + C. The means and scales are results too, so their cotangents (not zero only in higher
 * derivatives) enter B and C.
 */
const backward =
  (groups: number) =>
  ([x, weight, bias]: readonly [Real, Real, Real], { mean, scale }: Normalized, cotangents: Normalized): readonly [Real, Real, Real] => {
    const e = extentsOf(x, weight, bias, groups)
    const gamma = perGroup(e, weight)
    const s1 = channelSums(e, cotangents.y)
    const s2 = channelSums(e, mul(cotangents.y, x))
    const aligned = mul(scale, sub(s2, mul(mean, s1)))
    const c1 = mul(groupSums(mul(s1, gamma)), 1 / e.size)
    const c2 = mul(groupSums(mul(aligned, gamma)), 1 / e.size)
    const cube = mul(mul(scale, scale), scale)
    const ofVariance = mul(mul(cube, cotangents.scale), -1 / e.size)
    const slope = add(neg(mul(mul(scale, scale), c2)), ofVariance)
    const offset = sub(mul(cotangents.mean, 1 / e.size), add(mul(slope, mean), mul(scale, c1)))
    const dx = add(mul(cotangents.y, spread(e, mul(gamma, scale))), add(mul(x, spread(e, slope)), spread(e, offset)))
    const vector = (perChannel: Real): Real => reshape([e.c])(sum({ axes: [0] })(perChannel))
    return [dx, vector(aligned), vector(s1)]
  }

/**
 * Group normalization (Wu & He 2018) of `[N, C, …]`: each image's channels in `groups` groups, each group to mean 0 and (biased)
 * variance 1, then γ·x + β for each channel. With `groups` = C and no weights it is instance normalization. Throws `ShapeError`
 * where `groups` does not divide the channels.
 */
export const groupNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  { groups, eps = 1e-5 }: GroupNormalizeOptions,
  weight: Real = constant(floats([x.shape[1] ?? 0], new Float32Array(x.shape[1] ?? 0).fill(1))),
  bias: Real = constant(floats([x.shape[1] ?? 0], new Float32Array(x.shape[1] ?? 0)))
): Tensor<S, 'f32'> => {
  const apply = customVjp(forward({ groups, eps }), { name: 'groupNormalize', vjp: backward(groups) })
  // The result has x's shape.
  return apply(x, weight, bias).y as Tensor<S, 'f32'>
}

/**
 * Mean 0 and variance 1 over the last axes, of shape `over`, then γ·x + β elementwise (PyTorch's `layer_norm`). Throws `ShapeError` where x
 * does not end in `over`.
 */
export const layerNormalize = <S extends Shape>(
  x: Tensor<S, 'f32'>,
  { over, eps = 1e-5 }: { readonly over: readonly number[]; readonly eps?: number },
  weight?: Real,
  bias?: Real
): Tensor<S, 'f32'> => {
  const lead = x.shape.slice(0, x.shape.length - over.length)
  if (showShape([...lead, ...over]) !== showShape(x.shape)) {
    throw new ShapeError({ operation: 'layerNormalize', operand: 'x', expected: `[…,${over.join(',')}]`, found: showShape(x.shape) })
  }
  const axes = over.map((_, k) => lead.length + k)
  const count = sizeOf(over)
  const wide: Real = x
  const deviation = sub(wide, mul(sum({ axes, keepDimensions: true })(wide), 1 / count))
  const variance = div(sum({ axes, keepDimensions: true })(square(deviation)), count)
  const normalized = mul(deviation, rsqrt(add(variance, eps)))
  const scaled = weight === undefined ? normalized : mul(normalized, weight)
  return (bias === undefined ? scaled : add(scaled, bias)) as Tensor<S, 'f32'>
}
