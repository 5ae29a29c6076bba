import { bind } from '../../../bind.js'
import { allocate } from '../../../dtype.js'
import type { Graph } from '../../../graph/graph.js'
import { placeholder } from '../../../graph/trace.js'
import { outputOf } from '../../../node.js'
import type { Abstract, AnyNode, Node, Tensor } from '../../../node.js'
import type { ConvolutionAttributes, PoolAttributes } from '../../../primitive.js'
import { sizeOf } from '../../../shape.js'
import type { HostValue } from '../../../value.js'
import { evaluateNode } from '../../reference/evaluate.js'
import type { Refused } from '../../reference/evaluation.js'
import { around } from '../../reference/offsets.js'
import { combined, constantForm, digit, digitForm } from '../kernel/forms.js'
import type { Digit, Form } from '../kernel/forms.js'
import type { KernelSource } from '../engine/engine.js'
import { firstMaxima, firstOfMaxima, mapsOf, pieceSums, poolGradient, poolMaxima, poolWinners, scatterSum, stretchOf, sumOfPieces } from '../lower/custom.js'
import type { Guards, Program, ProgramStep, Slot } from '../lower/recipe.js'
import { hostReason } from '../lower/host.js'
import { integersOf } from '../lower/integers.js'
import { cutLists, inverseIndex, mostPieces } from '../lower/inverse-index.js'
import { mostTerms } from '../lower/limits.js'
import { scalarFunctions } from '../lower/scalar.js'
import { emit, TooWide } from './emit.js'
import type { Fold } from './emit.js'
import { flattened } from './flatten.js'
import { infinite, outside } from './refusals.js'
import type { Refusal } from './refusals.js'
import { alignGradientSteps, alignSteps, geometries } from './regions.js'
import type { AddKernel } from './regions.js'
import { isInline, Materialize, placeOf, scalarFunctionOf, termOf } from './term.js'
import type { Resolution, Term } from './term.js'

const zero = constantForm(0)

const operandOf = (node: AnyNode, index: number): Tensor => {
  const operand = node.inputs[index]
  if (operand === undefined) throw new RangeError(`${node.primitive} has no operand ${index}`)
  return operand
}

const at = (shape: readonly number[], axis: number): number => shape[axis] ?? 1

/** Nodes that read their operands element by element, so that these can be computed in place. */
const foldsOperands = ({ primitive }: AnyNode): boolean => primitive === 'reduceSum' || primitive === 'reduceMax' || primitive === 'matmul' || primitive === 'windowSum'

/**
 * A graph as steps for an engine. Values are arrays where a kernel of their own computes them, or are computed in place by the kernels
 * that read them: views always, and elementwise values that are used once or cost next to nothing. `magnitudes` are the largest of the
 * inputs' integers, which run on the device where they stay exact.
 */
export const programOf = (graph: Graph, magnitudes: readonly number[] = []): Program => {
  const flat = flattened(graph)
  const slots: Abstract[] = []
  const steps: ProgramStep[] = []
  const places = new Map<AnyNode, (Slot | undefined)[]>()
  const fresh = ({ shape, dtype }: Abstract): Slot => slots.push({ shape, dtype }) - 1
  const slotAt = ({ node, index }: Tensor): Slot | undefined => places.get(node)?.[index]
  const put = ({ node, index }: Tensor, slot: Slot): Slot => {
    const own = places.get(node) ?? []
    own[index] = slot
    places.set(node, own)
    return slot
  }
  const integers = integersOf(flat.nodes, graph.inputs, magnitudes)
  const reasonOf = (node: AnyNode): string | undefined => hostReason(node) ?? integers.hosted.get(node)
  const inline = (node: AnyNode): boolean => isInline(node) && reasonOf(node) === undefined
  const resolution: Resolution = { isArray: (value) => slotAt(value) !== undefined, isInline: inline }

  const chosen = arraysOf(flat.nodes, flat.outputs, inline)

  const kernelStep = (kernel: KernelSource, operands: readonly Tensor[], result: Tensor, primitive: string): Slot => {
    const seats = operands.map(array)
    const slot = put(result, fresh(result))
    steps.push({ _tag: 'kernel', kernel, operands: seats, result: slot, primitive })
    return slot
  }

  const hostStep = (node: AnyNode, reason: string): void => {
    // Where there is nothing to compute and nothing to refuse, nothing is read.
    if (node.inputs.length > 0 && node.outputs.every(({ shape }) => sizeOf(shape) === 0) && node.inputs.every((input, index) => index === 0 || input.dtype !== 'i32' || sizeOf(input.shape) === 0)) {
      node.outputs.forEach((output, index) => {
        const value: HostValue = { kind: 'host', ...output, data: allocate(output.dtype, 0) }
        steps.push({ _tag: 'constant', value, result: put(outputOf(node, index), fresh(output)) })
      })
      return
    }
    const operands = node.inputs.map(array)
    if (operands.length === 0 || node.primitive === 'constant') {
      node.outputs.forEach((output, index) => {
        const value = evaluateNode(node, [], 'single')[index]
        if (value !== undefined) steps.push({ _tag: 'constant', value, result: put(outputOf(node, index), fresh(output)) })
      })
      return
    }
    const results = node.outputs.map((output, index) => put(outputOf(node, index), fresh(output)))
    steps.push({ _tag: 'host', primitive: node.primitive, reason, operands, results, run: (values) => evaluateNode(node, values, 'single') })
  }

  /** Emits what `term` answers, after the operands that it cannot compute in place. */
  const fused = (value: Tensor, term: () => Term, outer: readonly Digit[], fold?: Fold, tries = 0): void => {
    try {
      const { kernel, seats, parts } = emit(term(), outer, (seat) => sizeOf(seat.shape), fold)
      if (parts === 1) {
        kernelStep(kernel, seats, value, value.node.primitive)
        return
      }
      // The rest of a long fold: over the parts that the first kernel left.
      const partial = placeholder('parts', { shape: [sizeOf(value.shape), parts], dtype: value.dtype })
      kernelStep(kernel, seats, partial, value.node.primitive)
      const [results, rest] = [digit(sizeOf(value.shape)), digit(parts)]
      const read = (): Term => termOf(resolution, partial, [digitForm(results), digitForm(rest)])
      fused(value, read, [results], { digits: [rest], combine: fold?.combine ?? 'sum' })
    } catch (thrown) {
      if (thrown instanceof Materialize && tries < 200 && (thrown.value.node !== value.node || thrown.value.index !== value.index)) {
        array(thrown.value)
        return fused(value, term, outer, fold, tries + 1)
      }
      if (thrown instanceof TooWide || thrown instanceof Materialize) {
        const operand = value.node.inputs.find((input) => slotAt(input) === undefined && inline(input.node) && input.node.inputs.length > 0)
        if (operand !== undefined && tries < 200) {
          array(operand)
          return fused(value, term, outer, fold, tries + 1)
        }
        return hostStep(value.node, thrown.message)
      }
      throw thrown
    }
  }

  /** A product of two arrays read at two places, summed along the inner coordinates. */
  const contraction = (value: Tensor, outer: readonly Digit[], inner: readonly Digit[], left: readonly [Tensor, readonly Form[]], right: readonly [Tensor, readonly Form[]]): void => {
    const side = ([operand, axes]: readonly [Tensor, readonly Form[]]): Term => {
      const read = termOf(resolution, operand, axes.map((form, axis) => (operand.shape[axis] === 1 && form.base === 0 ? zero : form)))
      // What is read many times is computed once.
      if (read._tag !== 'read') throw new Materialize(operand)
      return read
    }
    fused(value, () => ({ _tag: 'apply', apply: scalarFunctions.mul, operands: [side(left), side(right)] }), outer, { digits: inner, combine: 'sum' })
  }

  /** Adds a kernel of a primitive to the program; its result is a new real value of a shape, or this one. */
  const add =
    (primitive: string): AddKernel =>
    (kernel, operands, result) => {
      const made = 'kind' in result ? result : placeholder('part', { shape: result, dtype: 'f32' })
      kernelStep(kernel, operands, made, primitive)
      return made
    }
  const geometry = geometries()
  const guarded = new Set<string>()
  const counted: { readonly value: Tensor; readonly refused: (count: number) => Refused }[] = []

  const winnersCache = new Map<Tensor, { readonly key: string; readonly winners: Tensor }[]>()
  const winnersOf = (x: Tensor, shape: readonly number[], attributes: PoolAttributes): Tensor => {
    const key = JSON.stringify(attributes)
    const known = [...winnersCache].filter(([{ node, index }]) => node === x.node && index === x.index).flatMap(([, all]) => all).find((each) => each.key === key)
    if (known !== undefined) return known.winners
    const winners = placeholder('winners', { shape, dtype: 'f32' })
    kernelStep(poolWinners(mapsOf(x.shape, shape), attributes), [x], winners, 'maxPool2d')
    winnersCache.set(x, [...(winnersCache.get(x) ?? []), { key, winners }])
    return winners
  }

  const computed = (node: AnyNode): void => {
    const reason = reasonOf(node)
    const value = outputOf(node, 0)
    if (node.primitive === 'cond') {
      const [index, ...operands] = node.inputs.map(array)
      const results = node.outputs.map((output, k) => put(outputOf(node, k), fresh(output)))
      const bounds = node.inputs.slice(1).map((input) => {
        const { low, high } = integers.rangeOf(input)
        return Math.max(Math.abs(low), Math.abs(high))
      })
      if (index !== undefined) steps.push({ _tag: 'branch', index, operands, results, branches: node.attributes.branches.map((branch) => programOf(branch, bounds)) })
      return
    }
    if (reason !== undefined) return hostStep(node, reason)
    switch (node.primitive) {
      case 'constant':
      case 'iota':
        return hostStep(node, 'it is data of the program')
      case 'reshape': {
        const operand = array(operandOf(node, 0))
        steps.push({ _tag: 'alias', operand, result: put(value, fresh(value)) })
        return
      }
      case 'pad':
        if (node.attributes.interior.some((n) => n > 0)) {
          const spread = array(interiorPadded(node))
          steps.push({ _tag: 'alias', operand: spread, result: put(value, fresh(value)) })
          return
        }
        break
      case 'concatenate':
        if (node.inputs.length > 5) {
          const { axis } = node.attributes
          const half = Math.min(5, Math.ceil(node.inputs.length / 2))
          const groups = Array.from({ length: Math.ceil(node.inputs.length / half) }, (_, k) => node.inputs.slice(k * half, (k + 1) * half))
          const joined = bind('concatenate', { axis }, ...groups.map((group) => {
            const [only] = group
            const part = group.length === 1 && only !== undefined ? only : bind('concatenate', { axis }, ...group)
            array(part)
            return part
          }))
          steps.push({ _tag: 'alias', operand: array(joined), result: put(value, fresh(value)) })
          return
        }
        break
      case 'gather': {
        const indices = operandOf(node, 1)
        const size = at(operandOf(node, 0).shape, node.attributes.axis)
        guardInteger(indices, outside(node.primitive, 'index', size), size)
        break
      }
      case 'reduceSum':
      case 'reduceMax': {
        const x = operandOf(node, 0)
        const { axes, digits } = placeOf(x.shape)
        const reduced = new Set(node.attributes.axes)
        return fused(value, () => termOf(resolution, x, axes), digits.filter((_, axis) => !reduced.has(axis)), {
          digits: digits.filter((_, axis) => reduced.has(axis)),
          combine: node.primitive === 'reduceSum' ? 'sum' : 'max'
        })
      }
      case 'windowSum': {
        const { factor } = node.attributes
        const { axes, digits } = placeOf(value.shape)
        const inner = factor.map((size) => digit(size))
        const place = axes.map((form, axis) => combined([[form, axis < 2 ? 1 : at(factor, axis - 2)], ...(inner[axis - 2] === undefined ? [] : [[digitForm(inner[axis - 2] ?? digit(1)), 1] as const])]))
        return fused(value, () => termOf(resolution, operandOf(node, 0), place), digits, { digits: inner, combine: 'sum' })
      }
      case 'matmul': {
        const [a, b] = [operandOf(node, 0), operandOf(node, 1)]
        const { axes, digits } = placeOf(value.shape)
        const inner = digit(at(a.shape, a.shape.length - 1))
        const [rows, columns] = [axes.at(-2) ?? zero, axes.at(-1) ?? zero]
        const batch = (x: Tensor): readonly Form[] => {
          const own = x.shape.length - 2
          return axes.slice(axes.length - 2 - own, axes.length - 2).map((form, axis) => (x.shape[axis] === 1 ? zero : form))
        }
        return contraction(value, digits, [inner], [a, [...batch(a), rows, digitForm(inner)]], [b, [...batch(b), digitForm(inner), columns]])
      }
      case 'conv2d': {
        const w = operandOf(node, 1)
        const x = padded(operandOf(node, 0), node.attributes.padding)
        const { groups, stride, dilation } = node.attributes
        const [n, g, o, oy, ox] = [at(value.shape, 0), groups, at(value.shape, 1) / groups, at(value.shape, 2), at(value.shape, 3)].map((size) => digit(size))
        const [c, ky, kx] = [1, 2, 3].map((axis) => digit(at(w.shape, axis)))
        if (n === undefined || g === undefined || o === undefined || oy === undefined || ox === undefined || c === undefined || ky === undefined || kx === undefined) return
        return contraction(value, [n, g, o, oy, ox], [c, ky, kx], [x, [digitForm(n), sum([g, c.size], [c, 1]), sum([oy, stride[0]], [ky, dilation[0]]), sum([ox, stride[1]], [kx, dilation[1]])]], [w, [sum([g, o.size], [o, 1]), digitForm(c), digitForm(ky), digitForm(kx)]])
      }
      case 'conv2dWeightGradient': {
        const dy = operandOf(node, 1)
        const x = padded(operandOf(node, 0), node.attributes.padding)
        const { groups, stride, dilation } = node.attributes
        const [g, o, c, ky, kx] = [groups, at(value.shape, 0) / groups, ...value.shape.slice(1)].map((size) => digit(size))
        const [n, oy, ox] = [0, 2, 3].map((axis) => digit(at(dy.shape, axis)))
        if (n === undefined || g === undefined || o === undefined || oy === undefined || ox === undefined || c === undefined || ky === undefined || kx === undefined) return
        return contraction(value, [g, o, c, ky, kx], [n, oy, ox], [x, [digitForm(n), sum([g, c.size], [c, 1]), sum([oy, stride[0]], [ky, dilation[0]]), sum([ox, stride[1]], [kx, dilation[1]])]], [dy, [digitForm(n), sum([g, o.size], [o, 1]), digitForm(oy), digitForm(ox)]])
      }
      case 'conv2dInputGradient': {
        const w = operandOf(node, 1)
        const dy = spreadOutputs(operandOf(node, 0), w.shape, value.shape, node.attributes)
        const { groups, dilation } = node.attributes
        const [n, g, c, iy, ix] = [at(value.shape, 0), groups, at(value.shape, 1) / groups, at(value.shape, 2), at(value.shape, 3)].map((size) => digit(size))
        const [o, ky, kx] = [at(w.shape, 0) / groups, at(w.shape, 2), at(w.shape, 3)].map((size) => digit(size))
        if (n === undefined || g === undefined || o === undefined || iy === undefined || ix === undefined || c === undefined || ky === undefined || kx === undefined) return
        const along = (cell: Digit, tap: Digit, step: number): Form => combined([[digitForm(cell), 1], [digitForm(tap), -step]], step * (tap.size - 1))
        return contraction(value, [n, g, c, iy, ix], [o, ky, kx], [dy, [digitForm(n), sum([g, o.size], [o, 1]), along(iy, ky, dilation[0]), along(ix, kx, dilation[1])]], [w, [sum([g, o.size], [o, 1]), digitForm(c), digitForm(ky), digitForm(kx)]])
      }
      case 'argmax': {
        const { outer, size, inner } = around(operandOf(node, 0).shape, node.attributes.axis)
        const x = operandOf(node, 0)
        if (stretchOf(size) === size) return void kernelStep(firstMaxima(outer, size, inner), [x], value, 'argmax')
        const winners = add('argmax')(firstMaxima(outer, size, inner), [x], [outer, Math.ceil(size / stretchOf(size)), inner])
        return void kernelStep(firstOfMaxima(outer, size, inner), [x, winners], value, 'argmax')
      }
      case 'maxPool2d': {
        const x = operandOf(node, 0)
        const winners = winnersOf(x, value.shape, node.attributes)
        kernelStep(poolMaxima(mapsOf(x.shape, value.shape)), [x, winners], value, 'maxPool2d')
        const nowhere = bind('relu', {}, winners)
        steps.push({ _tag: 'alias', operand: array(nowhere), result: put(outputOf(node, 1), fresh(outputOf(node, 1))) })
        return
      }
      case 'maxPool2dGradient': {
        const [x, dy] = [operandOf(node, 0), operandOf(node, 1)]
        return void kernelStep(poolGradient(mapsOf(x.shape, dy.shape), node.attributes), [winnersOf(x, dy.shape, node.attributes), dy], value, 'maxPool2dGradient')
      }
      case 'scatterAdd': {
        const [indices, updates] = [operandOf(node, 0), operandOf(node, 1)]
        const { axis, batchDims, size } = node.attributes
        const count = sizeOf(indices.shape.slice(batchDims))
        const batch = sizeOf(indices.shape.slice(0, batchDims))
        const sizes = { batch, count, size, middle: sizeOf(value.shape.slice(batchDims, axis)), inner: sizeOf(value.shape.slice(axis + 1)) }
        const offsets = placeholder('offsets', { shape: [batch * size + 1], dtype: 'i32' })
        const members = placeholder('members', { shape: [batch * count], dtype: 'i32' })
        const pieces = count > mostTerms ? mostPieces(batch * size, batch * count, mostTerms) : 0
        const cuts = placeholder('cuts', { shape: [2 * pieces + 1], dtype: 'i32' })
        const results = [offsets, members, ...(pieces > 0 ? [cuts] : [])]
        steps.push({
          _tag: 'host',
          primitive: 'scatterAdd',
          reason: 'its indices are sorted; the sums are on the device',
          operands: [array(indices)],
          results: results.map((result) => put(result, fresh(result))),
          run: ([given]) => {
            if (given === undefined) return []
            const [lists, places] = inverseIndex(given, batch, count, size)
            if (pieces === 0) return [lists, places]
            const [first, starts] = cutLists(lists, size, mostTerms, pieces)
            return [first, places, starts]
          }
        })
        if (pieces === 0) return void kernelStep(scatterSum(sizes), [updates, offsets, members], value, 'scatterAdd')
        const sums = add('scatterAdd')(pieceSums(sizes, pieces), [updates, cuts, members], [pieces, sizes.middle, sizes.inner])
        return void kernelStep(sumOfPieces(sizes, pieces), [sums, offsets], value, 'scatterAdd')
      }
      case 'roiAlign': {
        guardRegions(node, operandOf(node, 0).shape[0] ?? 0)
        return alignSteps(node, value, geometry, add(node.primitive))
      }
      case 'roiAlignGradient': {
        guardRegions(node, node.attributes.featureShapes[0]?.[0] ?? 0)
        return alignGradientSteps(node, node.outputs.map((_, k) => outputOf(node, k)), geometry, add(node.primitive))
      }
      default:
        break
    }
    const { axes, digits } = placeOf(value.shape)
    fused(value, () => inPlace(value, axes), digits)
  }

  /** The term of a value that is about to become an array. */
  const inPlace = (value: Tensor, axes: readonly Form[]): Term => termOf(resolution, value, axes.map((form, axis) => (value.shape[axis] === 1 ? zero : form)))

  /** Refuses numbers of an operand: at once where they are on the host, else as kernels have counted them when the program is done. */
  const guard = (operand: Tensor, refusal: Refusal): void => {
    if (sizeOf(operand.shape) === 0) return
    const slot = array(operand)
    const key = `${slot}|${refusal.key}`
    if (guarded.has(key)) return
    guarded.add(key)
    if (isComputed(slot)) counted.push({ value: refusal.count(operand), refused: (count) => refusal.refused(count, operand) })
    else steps.push({ _tag: 'check', operand: slot, verify: refusal.verify })
  }
  const guardInteger = (operand: Tensor, refusal: Refusal, below: number): void => {
    const { low, high } = integers.rangeOf(operand)
    if (low < 0 || high >= below) guard(operand, refusal)
  }
  const guardRegions = (node: Node<'roiAlign'> | Node<'roiAlignGradient'>, images: number): void => {
    const [boxes, image, level] = node.inputs.slice(-3)
    const levels = node.attributes.scales.length
    if (boxes !== undefined) guard(boxes, infinite(node.primitive, 'corner'))
    if (image !== undefined) guardInteger(image, outside(node.primitive, 'image', images), images)
    if (level !== undefined) guardInteger(level, outside(node.primitive, 'level', levels), levels)
  }
  /** The counts of bad numbers, and their sum. */
  const guardsOf = (): Guards | undefined => {
    const counts = counted.map(({ value, refused }) => ({ slot: array(value), refused }))
    if (counts.length === 0) return undefined
    return { counts, total: array(counted.map(({ value }) => value).reduce((sum, value) => bind('add', {}, sum, value))) }
  }
  /** Whether a slot's numbers are made by a kernel. */
  const isComputed = (slot: Slot): boolean => {
    const step = steps.findLast((each) => (each._tag === 'kernel' || each._tag === 'alias') && each.result === slot)
    return step?._tag === 'alias' ? isComputed(step.operand) : step !== undefined
  }

  const array = (value: Tensor): Slot => {
    const known = slotAt(value)
    if (known !== undefined) return known
    computed(value.node)
    const made = slotAt(value)
    if (made === undefined) throw new ReferenceError(`output ${value.index} of ${value.node.primitive} was not computed`)
    return made
  }

  const inputs = graph.inputs.map((input) => slotAt(input) ?? put(input, fresh(input)))
  for (const node of flat.nodes) {
    if (places.has(node)) continue
    if (!inline(node) || chosen.has(node)) {
      if (node.primitive !== 'constant' || chosen.has(node)) computed(node)
    } else if (node.primitive === 'gather') {
      const size = at(operandOf(node, 0).shape, node.attributes.axis)
      guardInteger(operandOf(node, 1), outside(node.primitive, 'index', size), size)
    }
  }
  const outputs = flat.outputs.map(array)
  return { inputs, outputs, slots, steps, guards: guardsOf() }
}

const sum = (...parts: readonly (readonly [Digit, number])[]): Form => combined(parts.map(([coordinate, factor]) => [digitForm(coordinate), factor]))

const padded = (x: Tensor, [[top, bottom], [left, right]]: ConvolutionAttributes['padding']): Tensor =>
  top + bottom + left + right === 0 ? x : bind('pad', { low: [0, 0, top, left], high: [0, 0, bottom, right], interior: [0, 0, 0, 0], value: 0 }, x)

/** A pad with elements between neighbours as pads of an axis of its own. */
const interiorPadded = (node: Node<'pad'>): Tensor => {
  const { low, high, interior, value } = node.attributes
  const x = operandOf(node, 0)
  const { shape } = x
  const none = shape.map(() => 0)
  const doubled = bind('reshape', { shape: shape.flatMap((size) => [size, 1]) }, x)
  const zeros = [...none, ...none]
  const spread = bind('pad', { low: zeros, high: interior.flatMap((n) => [0, n]), interior: zeros, value }, doubled)
  const whole = bind('reshape', { shape: shape.map((size, axis) => size * (1 + at(interior, axis))) }, spread)
  const limit = shape.map((size, axis) => (size - 1) * (1 + (interior[axis] ?? 0)) + 1)
  const cut = bind('slice', { start: none, limit, stride: shape.map(() => 1) }, whole)
  return bind('pad', { low, high, interior: none, value }, cut)
}

/** dY with its rows as far apart as the windows they belong to, and a margin of a kernel. */
const spreadOutputs = (dy: Tensor, w: readonly number[], x: readonly number[], { stride, padding, dilation }: ConvolutionAttributes): Tensor => {
  const axes = [0, 1] as const
  const low = axes.map((axis) => dilation[axis] * (at(w, 2 + axis) - 1) - padding[axis][0])
  const high = axes.map((axis) => at(x, 2 + axis) - 1 + padding[axis][0] - (at(dy.shape, 2 + axis) - 1) * stride[axis])
  const positive = (values: readonly number[]): readonly number[] => [0, 0, ...values.map((n) => Math.max(0, n))]
  const wide = bind('pad', { low: positive(low), high: positive(high), interior: [0, 0, stride[0] - 1, stride[1] - 1], value: 0 }, dy)
  const start = [0, 0, ...low.map((n) => Math.max(0, -n))]
  const limit = wide.shape.map((size, axis) => size - (axis < 2 ? 0 : Math.max(0, -(high[axis - 2] ?? 0))))
  return bind('slice', { start, limit, stride: [1, 1, 1, 1] }, wide)
}

/** The nodes, of those that could be computed in place, that are computed once and kept. */
const arraysOf = (nodes: readonly AnyNode[], outputs: readonly Tensor[], inline: (node: AnyNode) => boolean): ReadonlySet<AnyNode> => {
  const uses = new Map<AnyNode, { count: number; wider: boolean }>()
  const chosen = new Set<AnyNode>()
  for (const node of nodes) {
    for (const { node: operand, shape } of node.inputs) {
      const use = uses.get(operand) ?? { count: 0, wider: false }
      use.count++
      const [result] = node.outputs
      if (result !== undefined && inline(node) && sizeOf(result.shape) > 2 * sizeOf(shape) && node.primitive !== 'pad' && node.primitive !== 'concatenate') use.wider = true
      uses.set(operand, use)
    }
    if (!inline(node) && !foldsOperands(node)) node.inputs.forEach(({ node: operand }) => chosen.add(operand))
    // The index of a gather is read for each of the elements that it selects.
    if (node.primitive === 'gather') node.inputs.slice(1).forEach(({ node: operand }) => chosen.add(operand))
  }
  outputs.forEach(({ node }) => chosen.add(node))
  const costs = new Map<AnyNode, number>()
  const sizes = new Map<AnyNode, number>()
  for (const node of nodes) {
    if (!inline(node)) continue
    const inner = node.inputs.filter(({ node: operand }) => inline(operand) && !chosen.has(operand)).map(({ node: operand }) => operand)
    const cost = (scalarFunctionOf(node)?.cost ?? 0) + inner.reduce((total, operand) => total + (costs.get(operand) ?? 0), 0) + (node.primitive === 'gather' || node.primitive === 'concatenate' || node.primitive === 'pad' ? 2 : 0)
    const size = 1 + inner.reduce((total, operand) => total + (sizes.get(operand) ?? 0), 0)
    costs.set(node, cost)
    sizes.set(node, size)
    const { count = 0, wider = false } = uses.get(node) ?? {}
    if (size > 40 || (count > 1 && cost > 1) || (wider && cost > 1)) {
      chosen.add(node)
      costs.set(node, 0)
      sizes.set(node, 1)
    }
  }
  return chosen
}
