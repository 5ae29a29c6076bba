import type { Dtype } from './dtype.js'
import type { Graph } from './graph/graph.js'
import type { Abstract, Tensor } from './node.js'
import type { Sizes, Window2d } from './shape.js'
import type { HostValue } from './value.js'

/** A primitive with nothing to configure. */
export type NoAttributes = Readonly<Record<never, never>>

/** Geometry of a convolution: strides, padding and dilation, and how many groups of channels are convolved apart from one another. */
export interface ConvolutionAttributes extends Window2d {
  readonly groups: number
}

/** Geometry of pooling: the height and width of a window in cells, its strides, padding and dilation. */
export interface PoolAttributes extends Window2d {
  readonly kernel: readonly [number, number]
}

/**
 * Geometry of RoIAlign (Mask R-CNN §3; torchvision's `roi_align`), over one or several feature levels.
 * `samplingRatio` 0 is adaptive: `ceil(roi side / output side)` samples a bin.
 */
export interface RoiAlignAttributes {
  readonly outputSize: readonly [number, number]
  readonly samplingRatio: number
  /** Feature cells per image pixel, one for each level: 1/4, 1/8 … */
  readonly scales: readonly number[]
  /** `true` shifts by half a pixel (detectron2's `ROIAlignV2`); `false` is the original convention. */
  readonly aligned: boolean
}

/** How a `call`'s outputs' cotangents become its inputs' cotangents; `undefined` is zero. */
export type CustomVjp = (
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  cotangents: readonly Tensor[]
) => readonly (Tensor | undefined)[]

/** How a `call`'s inputs' tangents become its outputs' tangents; `undefined` is zero. */
export type CustomJvp = (
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  tangents: readonly Tensor[]
) => readonly (Tensor | undefined)[]

/** A loop over slices, whose length is part of the program: the program does not grow with it. */
export interface ScanAttributes {
  /** (constant, …, carry, …, slice of xs, …) → (next carry, …, slice of ys, …). Closed: it uses nothing but its own inputs. */
  readonly body: Graph
  /** How many of the inputs come first and are the same in every step. */
  readonly constants: number
  /** How many inputs after them, and how many of the first outputs, go from step to step. */
  readonly carries: number
  /** Steps, and elements of the leading axis of every xs and ys; may be 0, then the carries are passed through. */
  readonly length: number
  /** From the last slice to the first. Slices of ys lie where those of xs lay. */
  readonly reverse: boolean
}

/** A function in the host's memory, for what no primitive computes. */
export interface HostAttributes {
  /** Names the function in reports and messages. */
  readonly name: string
  /** Shapes and types of what it answers. */
  readonly outputs: readonly Abstract[]
  /**
   * Pure: the same arrays make the same results, and operands are not written to. Devices may call it as often as they like, and
   * once for equal applications. `f32` operands may be in double precision, and results may be.
   */
  readonly run: (operands: readonly HostValue[]) => readonly HostValue[]
}

/**
 * The closed set of primitives and the attributes of each.
 *
 * Elementwise primitives broadcast their operands by NumPy's rule. Inputs are listed as `(operands) → (outputs)`.
 * Every package holds a total record over this union, so a new entry here makes the compiler list what is missing:
 * a shape rule and an evaluation in `tensor`, a VJP in `autodiff`, a lowering in every device, an instance in `testing`.
 */
export interface Attributes {
  /** () → (x): a placeholder of a graph. */
  readonly input: { readonly name: string; readonly shape: Sizes; readonly dtype: Dtype }
  /** () → (x): data that is part of the program. */
  readonly constant: { readonly value: HostValue }
  /** () → (x): 0, 1, 2 … along `axis`. */
  readonly iota: { readonly shape: Sizes; readonly dtype: 'f32' | 'i32'; readonly axis: number }
  /** (key: u32[2]) → (bits: u32): Threefry-2x32-20, as JAX with `jax_threefry_partitionable`. */
  readonly randomBits: { readonly shape: Sizes }

  // Elementwise, one operand. f32 → f32; neg, abs and sign also take i32.
  readonly neg: NoAttributes
  readonly abs: NoAttributes
  /** −1, 0 or 1; 0 for NaN, as PyTorch. */
  readonly sign: NoAttributes
  readonly floor: NoAttributes
  readonly ceil: NoAttributes
  /** To the nearest integer, halves to even. */
  readonly round: NoAttributes
  readonly exp: NoAttributes
  readonly expm1: NoAttributes
  readonly log: NoAttributes
  readonly log1p: NoAttributes
  readonly sqrt: NoAttributes
  readonly sin: NoAttributes
  readonly cos: NoAttributes
  readonly tanh: NoAttributes
  readonly sigmoid: NoAttributes
  readonly erf: NoAttributes
  /** max(x, 0) with derivative 0 at 0; NaN stays NaN. */
  readonly relu: NoAttributes
  /** bool → bool. */
  readonly not: NoAttributes
  /** Any type to any type; f32 → integer truncates toward zero; x → bool is x ≠ 0. */
  readonly cast: { readonly dtype: Dtype }

  // Elementwise, two operands of one type (f32, i32 or u32 unless said otherwise).
  readonly add: NoAttributes
  readonly sub: NoAttributes
  readonly mul: NoAttributes
  /** f32: IEEE division; integers: truncates toward zero. */
  readonly div: NoAttributes
  /** Remainder with the dividend's sign, as JavaScript's and C's `%`. */
  readonly rem: NoAttributes
  /** f32 only. */
  readonly pow: NoAttributes
  /** The larger; NaN if either is NaN. Ties share the derivative half and half. */
  readonly maximum: NoAttributes
  readonly minimum: NoAttributes
  /** f32 only. */
  readonly atan2: NoAttributes
  /** → bool. */
  readonly equal: NoAttributes
  readonly less: NoAttributes
  readonly lessEqual: NoAttributes
  /** bool, bool → bool. */
  readonly and: NoAttributes
  readonly or: NoAttributes
  /** (condition: bool, whenTrue, whenFalse) → (x). */
  readonly select: NoAttributes

  // Shape.
  readonly reshape: { readonly shape: Sizes }
  readonly transpose: { readonly permutation: readonly number[] }
  readonly broadcastTo: { readonly shape: Sizes }
  /** Elements start, start+stride, … below limit, for each axis; strides are positive. */
  readonly slice: { readonly start: Sizes; readonly limit: Sizes; readonly stride: Sizes }
  /** `low` before, `high` after, `interior` between neighbours, for each axis; none is negative. */
  readonly pad: { readonly low: Sizes; readonly high: Sizes; readonly interior: Sizes; readonly value: number }
  /** (x, …) → (y). */
  readonly concatenate: { readonly axis: number }
  readonly reverse: { readonly axes: readonly number[] }

  // Reductions; axes are sorted and non-negative. Kept dimensions have size 1.
  readonly reduceSum: { readonly axes: readonly number[]; readonly keepDimensions: boolean }
  /** NaN if any is NaN; −∞ of nothing. Ties share the derivative evenly. */
  readonly reduceMax: { readonly axes: readonly number[]; readonly keepDimensions: boolean }
  /** → i32: the first index of the largest element (or of the first NaN) along `axis`, which is removed. */
  readonly argmax: { readonly axis: number }

  // Linear maps.
  /** (a: […, M, K], b: […, K, N]) → ([…, M, N]); batch axes broadcast. */
  readonly matmul: NoAttributes
  /** (x: [N, C, H, W], w: [O, C/groups, KH, KW]) → ([N, O, OH, OW]). */
  readonly conv2d: ConvolutionAttributes
  /** (dy: [N, O, OH, OW], w) → (dx: [N, C, H, W]): the transpose of conv2d in x. */
  readonly conv2dInputGradient: ConvolutionAttributes & { readonly inputSize: readonly [number, number] }
  /** (x, dy) → (dw): the transpose of conv2d in w. */
  readonly conv2dWeightGradient: ConvolutionAttributes & { readonly kernel: readonly [number, number] }
  /** (x: [N, C, H, W]) → (y, indices: i32): maxima and their flat indices y·W + x; the first of equals, the last NaN (as PyTorch); pads with −∞. */
  readonly maxPool2d: PoolAttributes
  /** (x, dy) → (dx): dy at each window's (first) maximum. */
  readonly maxPool2dGradient: PoolAttributes
  /** (x: [N, C, H, W]) → ([N, C, H·fy, W·fx]): each element repeated. */
  readonly upsampleNearest: { readonly factor: readonly [number, number] }
  /** (x: [N, C, H·fy, W·fx]) → ([N, C, H, W]): sums of disjoint windows, the transpose of upsampleNearest. */
  readonly windowSum: { readonly factor: readonly [number, number] }

  // Indexing and order.
  /**
   * (x, indices: i32) → (x.shape[:axis] + indices.shape[batchDims:] + x.shape[axis+1:]). The first `batchDims` axes of both
   * are shared, `batchDims` ≤ `axis`. Indices out of range are an error.
   */
  readonly gather: { readonly axis: number; readonly batchDims: number }
  /** (indices: i32, updates) → (x): the transpose of gather in x, whose `axis` has `size` elements. */
  readonly scatterAdd: {
    readonly axis: number
    readonly batchDims: number
    readonly size: number
    /** The caller's promise that no index occurs twice in a batch. */
    readonly uniqueIndices: boolean
  }
  /** (x) → (values, indices: i32): the k largest along the last axis, largest first, equal ones in index order. */
  readonly topK: { readonly k: number }
  /**
   * (boxes: [B, S, 4] as x1, y1, x2, y2, scores: [B, S]) → (keep: bool [B, S]): greedy non-maximum suppression by descending
   * score (equal ones in index order); a box goes when its IoU with a kept one is > (or, `inclusive`, ≥) the threshold.
   * Scores of −∞ are never kept. `offset` 1 is Detectron's inclusive-pixel convention (sides are x2 − x1 + 1).
   */
  readonly nms: { readonly iouThreshold: number; readonly inclusive: boolean; readonly offset: 0 | 1 }
  /** (features: [N, C, H_l, W_l] …, rois: [R, 4], image: i32 [R], level: i32 [R]) → ([R, C, OH, OW]). */
  readonly roiAlign: RoiAlignAttributes
  /** (dy: [R, C, OH, OW], rois, image, level) → (dFeatures …): the transpose of roiAlign in its features. */
  readonly roiAlignGradient: RoiAlignAttributes & { readonly featureShapes: readonly Sizes[] }

  // Structure.
  /** (x) → (x), with derivative zero. */
  readonly stopGradient: NoAttributes
  /** (x, …, dependency) → (x, …): not to be moved before `dependency` nor merged with equal expressions. */
  readonly barrier: NoAttributes
  /** (x) → (sum over replicas). `label` names the layer that asks. */
  readonly allReduce: { readonly label: string }
  /**
   * (x, …) → (y, …): a closed sub-graph, with derivative rules of its own where `vjp` (reverse mode) and `jvp` (forward mode) are
   * given: a linear `vjp` serves forward mode too, and `jvp` is not given alone. With `recompute` reverse mode computes the sub-graph
   * again instead of keeping what it holds.
   */
  readonly call: {
    readonly name: string
    readonly graph: Graph
    readonly vjp?: CustomVjp
    readonly jvp?: CustomJvp
    readonly recompute?: true
  }
  /**
   * (index: i32 [], x, …) → (y, …): the branch of that index, clamped into range. Only that branch is computed, so its derivative alone
   * counts and what the others would refuse or make infinite does no harm; `select` computes both sides and picks elements.
   */
  readonly cond: { readonly branches: readonly Graph[] }
  /**
   * (constant, …, carry, …, xs: [length, …], …) → (carry, …, ys: [length, …], …): the body applied `length` times in a row, each time to
   * the carries of the time before and to the next slice of each xs.
   */
  readonly scan: ScanAttributes
  /** (x, …) → (y, …): a pure function on concrete arrays, with no derivative. */
  readonly host: HostAttributes
}

/** The closed set: what every total record over primitives (shape rules, lowerings, derivatives) has as its keys. */
export type PrimitiveName = keyof Attributes
