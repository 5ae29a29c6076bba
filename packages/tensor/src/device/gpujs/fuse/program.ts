import { bind } from '../../../bind.js'
import type { Graph } from '../../../graph/graph.js'
import { placeholder } from '../../../graph/trace.js'
import { outputOf } from '../../../node.js'
import type { Abstract, AnyNode, Node, Tensor } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import { valueOf } from '../../../value.js'
import { evaluateNode } from '../../reference/evaluate.js'
import { hostTitle } from '../../reference/host.js'
import { around } from '../../reference/offsets.js'
import { combined, constantForm, digit, digitForm, settled } from '../kernel/forms.js'
import type { Digit, Form } from '../kernel/forms.js'
import type { KernelSource } from '../engine/engine.js'
import type { Emitted } from '../kernel/emitted.js'
import type { Contraction, Side } from '../lower/contraction/contraction.js'
import { contractionKernel } from '../lower/contraction/kernel.js'
import { contractionOf } from '../lower/contraction/primitives.js'
import { firstMaxima, firstOfMaxima, stretchOf } from '../lower/custom.js'
import type { Program, ProgramStep, Slot } from '../lower/recipe.js'
import { hostReason } from '../lower/host.js'
import { integersOf } from '../lower/integers.js'
import { interiorPadded } from '../lower/interior-pad.js'
import { scalarFunctions } from '../lower/scalar.js'
import { emit, TooWide } from './emit.js'
import type { Fold } from './emit.js'
import { flattened } from './flatten.js'
import { guarding } from './guards.js'
import { arraysOf } from './kept.js'
import { knownResults } from './known.js'
import { roundOf, stackOf } from './loop.js'
import { packedContractions } from './packed.js'
import { poolings } from './pooling.js'
import { alignGradientSteps, alignSteps, geometries } from './regions.js'
import type { AddKernel } from './regions.js'
import { scatterSteps } from './scatter.js'
import type { AddHost } from './scatter.js'
import { isInline, Materialize, placeOf, termOf } from './term.js'
import type { Resolution, Term } from './term.js'

const zero = constantForm(0)

const operandOf = (node: AnyNode, index: number): Tensor => {
  const operand = node.inputs[index]
  if (operand === undefined) throw new RangeError(`${node.primitive} has no operand ${index}`)
  return operand
}

const at = (shape: readonly number[], axis: number): number => shape[axis] ?? 1

/**
 * A graph as steps for an engine. Values are arrays where a kernel of their own computes them, or are computed in place by the kernels
 * that read them: views always, and elementwise values that are used once or cost next to nothing. `magnitudes` are the largest of the
 * inputs' integers, which run on the device where they stay exact; `texels` says whether the engine's kernels may answer and read four numbers at once.
 */
export const programOf = (graph: Graph, magnitudes: readonly number[] = [], texels = false): Program => {
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
    const data = knownResults(node)
    if (data !== undefined) {
      node.outputs.forEach((output, index) => {
        const value = data[index]
        if (value !== undefined) steps.push({ _tag: 'constant', value, result: put(outputOf(node, index), fresh(output)) })
      })
      return
    }
    const operands = node.inputs.map(array)
    const results = node.outputs.map((output, index) => put(outputOf(node, index), fresh(output)))
    const primitive = node.primitive === 'host' ? hostTitle(node.attributes.name) : node.primitive
    steps.push({ _tag: 'host', primitive, reason, operands, results, run: (values) => evaluateNode(node, values, 'single') })
  }

  const elementsOf = (seat: Tensor): number => sizeOf(seat.shape)

  /** The kernel that `make` writes, after those of the operands that it asks for, and what its parts leave to do. */
  const kernelsOf = (value: Tensor, make: () => Emitted, combine: Fold['combine'] = 'sum', tries = 0): void => {
    try {
      const { kernel, seats, parts, partsFirst } = make()
      if (parts === 1) {
        kernelStep(kernel, seats, value, value.node.primitive)
        return
      }
      // The rest of a long fold: over the parts that the first kernel left.
      const count = sizeOf(value.shape)
      const partial = placeholder('parts', { shape: partsFirst ? [parts, count] : [count, parts], dtype: value.dtype })
      kernelStep(kernel, seats, partial, value.node.primitive)
      const [results, rest] = [digit(count), digit(parts)]
      const place = (partsFirst ? [rest, results] : [results, rest]).map(digitForm)
      fused(value, () => termOf(resolution, partial, place), [results], { digits: [rest], combine })
    } catch (thrown) {
      if (thrown instanceof Materialize && tries < 200 && (thrown.value.node !== value.node || thrown.value.index !== value.index)) {
        array(thrown.value)
        return kernelsOf(value, make, combine, tries + 1)
      }
      if (thrown instanceof TooWide || thrown instanceof Materialize) {
        const operand = value.node.inputs.find((input) => slotAt(input) === undefined && inline(input.node) && input.node.inputs.length > 0)
        if (operand !== undefined && tries < 200) {
          array(operand)
          return kernelsOf(value, make, combine, tries + 1)
        }
        return hostStep(value.node, thrown.message)
      }
      throw thrown
    }
  }

  /** What `term` answers for every value of `outer`, folded. */
  const fused = (value: Tensor, term: () => Term, outer: readonly Digit[], fold?: Fold): void => kernelsOf(value, () => emit(term(), outer, elementsOf, fold), fold?.combine)

  /** A product of two arrays read at two places, summed along the inner coordinates. */
  const contraction = (value: Tensor, whole: Contraction): void => {
    if (texels && packed(value, whole, add(value.node.primitive))) return
    const { outer, inner, taps, left, right } = whole
    const read = ({ operand, axes }: Side): Extract<Term, { readonly _tag: 'read' }> => {
      const term = termOf(resolution, operand, axes)
      // What is read many times is computed once; what is read at places that the data names has no place to run along from.
      if (term._tag !== 'read' || [...settled(term.form).terms.keys()].some(({ computed }) => computed !== undefined)) throw new Materialize(operand)
      return term
    }
    kernelsOf(value, () => {
      const [a, b] = [read(left), read(right)]
      return contractionKernel(a, b, outer, inner, taps, elementsOf) ?? emit({ _tag: 'apply', apply: scalarFunctions.mul, operands: [a, b] }, outer, elementsOf, { digits: inner, combine: 'sum' })
    })
  }

  /** Adds a kernel of a primitive to the program; its result is a new real value of a shape, or this one. */
  const add =
    (primitive: string): AddKernel =>
    (kernel, operands, result) => {
      const made = 'kind' in result ? result : placeholder('part', { shape: result, dtype: 'f32' })
      kernelStep(kernel, operands, made, primitive)
      return made
    }
  const packed = packedContractions(resolution, (operand) => void array(operand))
  const geometry = geometries()
  const pooling = poolings()
  const host =
    (primitive: string): AddHost =>
    (operand, results, reason, run) => {
      const operands = [array(operand)]
      steps.push({ _tag: 'host', primitive, reason, operands, results: results.map((result) => put(result, fresh(result))), run: ([given]) => (given === undefined ? [] : run(given)) })
    }

  /** The largest magnitude of a value's integers. */
  const magnitudeOf = (value: Tensor): number => {
    const { low, high } = integers.rangeOf(value)
    return Math.max(Math.abs(low), Math.abs(high))
  }

  const loopStep = (node: Node<'scan'>): void => {
    const { constants, carries, length, reverse, body } = node.attributes
    const operands = node.inputs.map(array)
    const results = node.outputs.map((output, index) => put(outputOf(node, index), fresh(output)))
    if (length === 0) {
      results.forEach((result, index) => {
        const operand = operands[constants + index]
        const output = node.outputs[index]
        if (index < carries && operand !== undefined) steps.push({ _tag: 'alias', operand, result })
        else if (output !== undefined) steps.push({ _tag: 'constant', value: valueOf(output.dtype, output.shape, []), result })
      })
      return
    }
    const magnitudes = node.inputs.map((input, index) => (index >= constants && index < constants + carries ? Infinity : magnitudeOf(input)))
    steps.push({
      _tag: 'loop',
      length,
      reverse,
      constants: operands.slice(0, constants),
      carries: operands.slice(constants, constants + carries),
      xs: operands.slice(constants + carries),
      body: programOf(roundOf(node), [...magnitudes, length - 1], texels),
      stacks: body.outputs.slice(carries).map((slice) => stackOf(slice, length, reverse, programOf)),
      results
    })
  }

  const computed = (node: AnyNode): void => {
    const reason = reasonOf(node)
    const value = outputOf(node, 0)
    if (node.primitive === 'cond') {
      const [index, ...operands] = node.inputs.map(array)
      const results = node.outputs.map((output, k) => put(outputOf(node, k), fresh(output)))
      const bounds = node.inputs.slice(1).map(magnitudeOf)
      if (index !== undefined) steps.push({ _tag: 'branch', index, operands, results, branches: node.attributes.branches.map((branch) => programOf(branch, bounds, texels)) })
      return
    }
    if (node.primitive === 'scan') return loopStep(node)
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
          const spread = array(interiorPadded(node, operandOf(node, 0)))
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
        guard.indices(node.primitive, 'index', indices, size)
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
      case 'matmul':
      case 'conv2d':
      case 'conv2dInputGradient':
      case 'conv2dWeightGradient':
        return contraction(value, contractionOf(node, operandOf(node, 0), operandOf(node, 1)))
      case 'argmax': {
        const { outer, size, inner } = around(operandOf(node, 0).shape, node.attributes.axis)
        const x = operandOf(node, 0)
        if (stretchOf(size) === size) return void kernelStep(firstMaxima(outer, size, inner), [x], value, 'argmax')
        const winners = add('argmax')(firstMaxima(outer, size, inner), [x], [outer, Math.ceil(size / stretchOf(size)), inner])
        return void kernelStep(firstOfMaxima(outer, size, inner), [x, winners], value, 'argmax')
      }
      case 'maxPool2d': {
        const winners = pooling.maxima(operandOf(node, 0), value, node.attributes, add(node.primitive))
        const nowhere = bind('relu', {}, winners)
        steps.push({ _tag: 'alias', operand: array(nowhere), result: put(outputOf(node, 1), fresh(outputOf(node, 1))) })
        return
      }
      case 'maxPool2dGradient':
        return pooling.gradient(operandOf(node, 0), operandOf(node, 1), value, node.attributes, add(node.primitive))
      case 'scatterAdd':
        return scatterSteps(node, operandOf(node, 0), operandOf(node, 1), value, host(node.primitive), add(node.primitive))
      case 'roiAlign': {
        guard.regions(node, operandOf(node, 0).shape[0] ?? 0)
        return alignSteps(node, value, geometry, add(node.primitive))
      }
      case 'roiAlignGradient': {
        guard.regions(node, node.attributes.featureShapes[0]?.[0] ?? 0)
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

  const array = (value: Tensor): Slot => {
    const known = slotAt(value)
    if (known !== undefined) return known
    computed(value.node)
    const made = slotAt(value)
    if (made === undefined) throw new ReferenceError(`output ${value.index} of ${value.node.primitive} was not computed`)
    return made
  }

  const guard = guarding(steps, array, integers.rangeOf)

  const inputs = graph.inputs.map((input) => slotAt(input) ?? put(input, fresh(input)))
  for (const node of flat.nodes) {
    if (places.has(node)) continue
    if (!inline(node) || chosen.has(node)) {
      if (node.primitive !== 'constant' || chosen.has(node)) computed(node)
    } else if (node.primitive === 'gather') {
      const size = at(operandOf(node, 0).shape, node.attributes.axis)
      guard.indices(node.primitive, 'index', operandOf(node, 1), size)
    }
  }
  const outputs = flat.outputs.map(array)
  return { inputs, outputs, slots, steps, guards: guard.guards() }
}
