import type { Kind } from './mutant.js'

/** Mutants that compute what the rule computes wherever it has a derivative, by their ids, each with the reason. They are neither made nor counted. */
export const equivalent: Readonly<Record<string, string>> = {
  'vjp relu, vjp/unary.ts reluRule, swapped operands: (c, _x, y) => mul(c, indicator(not(lessEqual(y, number(0))))) → (c, y, _x) => mul(c, indicator(not(lessEqual(y, number(0)))))':
    'y is above zero exactly where x is',
  'vjp roiAlign, vjp/indexing.ts roiAlignRule, off by one: levels → (levels + 1)':
    'the cotangent added is that of the boxes, which are data; no box reads it',
  'vjp allReduce, vjp/structure.ts allReduceRule, dropped term: bind(\'allReduce\', { label: `gradient of ${label}` }, c) → c':
    'the reference interpreter, on which the kit runs, has one replica, where the sum is its term',
  'vjp rem, vjp/binary.ts remRule, dropped term: bind(\'round\', {}, div(sub(y, a), b)) → div(sub(y, a), b)':
    'the quotient is a whole number already, and both of its derivatives cancel to zero',
  'vjp pow, vjp/binary.ts powerInBase, off by one: 1 → 0':
    'exponents of one then take the general formula, which gives the same number',
  'vjp pow, vjp/binary.ts powerInBase, off by one: 2 → 1':
    'exponents of two then take the general formula, which gives the same number',
  'vjp pow, vjp/binary.ts powerInBase, off by one: 1 → 2 (3)':
    'at the origin zero to the power of one and to the power of zero are both multiplied by an exponent of zero',
  'vjp pow, vjp/binary.ts powerInBase, dropped term: and(equal(a, number(0)), equal(b, number(0))) → equal(b, number(0))':
    'where the exponent is zero the product is zero whatever the power; a second derivative there lies on the rule\'s own border',
  'vjp pow, vjp/binary.ts constantScalar, off by one: 0 → 1 (2)':
    'a scalar has no second element, so the general formula is taken, which gives the same number',
  'vjp pad, vjp/movement.ts padRule, dropped term: zerosLike(x) → x':
    'x has no elements there, so it is its own zeros',
  'vjp alongside, shared, vjp/reduction.ts alongside, condition: keepDimensions || leading → keepDimensions && leading':
    'only a reshape is saved; with it the result broadcasts to the same',
  'vjp alongside, shared, vjp/reduction.ts alongside, wrong axis: axis → (axis + 1)':
    'only a reshape is saved where leading axes went; with it the result broadcasts to the same',
  'vjp alongside, shared, vjp/reduction.ts alongside, wrong axis: position → (position - 1)':
    'only a reshape is saved where leading axes went; with it the result broadcasts to the same',
  'vjp matmul, vjp/linear.ts matmulRule, condition: a.shape.length > 2 → a.shape.length >= 2':
    'two matrices merged into rows are the same matrices',
  'vjp matmul, vjp/linear.ts matmulRule, off by one: 2 → 1':
    'the sum of one product for each batch is the product over all rows, at a higher cost',
  'vjp matmul, vjp/linear.ts matmulRule, off by one: 2 → 1 (2)':
    'two matrices merged into rows are the same matrices',
  'vjp matmul, vjp/linear.ts matmulRule, off by one: 2 → 3 (2)':
    'the sum of one product for each batch is the product over all rows, at a higher cost',
  'vjp matmul, vjp/linear.ts rows, sign: reshape(x, [sizeOf(x.shape.slice(0, -1)), last]) → $neg(reshape(x, [sizeOf(x.shape.slice(0, -1)), last]))':
    'rows are taken of both factors of one product, so that two signs cancel',
  'vjp maxPool2dGradient, vjp/linear.ts atMaxima, missing transpose: flat(indices) → indices':
    'gather takes indices of any shape, and the result is given its shape afterwards',
  'vjp maxPool2dGradient, vjp/linear.ts atMaxima, off by one: 1 → 2 (2)':
    'a truth value is any number but zero',
  'vjp topK, vjp/indexing.ts topKRule, condition: true → false':
    'that no index occurs twice is a promise that a device may use or not',
  'vjp call, vjp/structure.ts callRule, condition: recompute === true → recompute !== true':
    'whether a graph is computed again decides memory and time, not numbers',
  'vjp scan, vjp/loop.ts activeCarries, condition: dtype === \'f32\' && moved.has(node) → dtype === \'f32\' || moved.has(node)':
    'more carries are taken to be active than are; what no derivative reaches is answered by none',
  'vjp scan, vjp/loop.ts activeCarries, condition: isActive && dtype === \'f32\' → isActive || dtype === \'f32\'':
    'more carries are taken to be active than are; what no derivative reaches is answered by none',
  'vjp scan, vjp/loop.ts backwardStep, off by one: carries → (carries + 1)':
    'positions behind the carries are never looked up in this set',
  'vjp scan, vjp/loop.ts backwardStep, off by one: carries → (carries + 1) (2)':
    'positions behind the carries are never looked up in this set',
  'vjp scan, vjp/loop.ts scanRule, arithmetic: inputs.length - constants - carries → inputs.length - constants + carries':
    'positions behind the last input have no answer and are filtered out',
  'vjp scan, vjp/loop.ts scanRule, arithmetic: inputs.length - constants → inputs.length + constants':
    'positions behind the last input have no answer and are filtered out',
  'vjp scan, vjp/loop.ts scanRule, arithmetic: outputs.length - carries → outputs.length + carries':
    'positions behind the last output have no seed and are filtered out',
  'vjp scan, vjp/loop.ts scanRule, dropped term: zerosLike(at(body.inputs, index)) → at(body.inputs, index)':
    'this stands behind ?? for constants that were chosen because they have an answer',
  'jvp roiAlign, jvp/indexing.ts roiAlignRule, off by one: levels → (levels + 1)':
    'with one operand more the boxes, which are data and have no tangent, take the place of features that the primitive does not read',
  'jvp rem, jvp/binary.ts remRule, dropped term: bind(\'round\', {}, div(sub(y, a), b)) → div(sub(y, a), b)':
    'the quotient is a whole number already, and both of its derivatives cancel to zero',
  'jvp barrier, jvp/structure.ts barrierRule, off by one: 1 → 2':
    'what a barrier waits for decides the order of work, not numbers',
  'jvp allReduce, jvp/structure.ts allReduceRule, dropped term: bind(\'allReduce\', { label: `tangent of ${label}` }, t) → t':
    'the reference interpreter, on which the kit runs, has one replica, where the sum is its term',
  'jvp call, jvp/structure.ts callRule, condition: recompute === true → recompute !== true':
    'whether a graph is computed again decides memory and time, not numbers',
  'vmap roiAlign, vmap/indexing.ts roiAlignRule, off by one: levels → (levels + 1) (2)':
    'where only boxes differ the shared features are repeated for each, which changes cost and not numbers',
  'vmap allReduce, vmap/structure.ts allReduceRule, dropped term: bind(\'allReduce\', attributes, at(inputs, 0)) → at(inputs, 0)':
    'the reference interpreter, on which the kit runs, has one replica, where the sum is its term',
  'vmap call, vmap/structure.ts answersOf, swapped operands: [...graph.inputs, ...graph.outputs, ...like] → [...graph.inputs, ...like, ...graph.outputs]':
    'the placeholders only mark places, in which the batch\'s values are put; what they are made of is not looked at',
  'vmap call, vmap/structure.ts answersOf, sign: placeholder(`rule ${index}`, tensor) → $neg(placeholder(`rule ${index}`, tensor))':
    'the placeholders only mark places, in which the batch\'s values are put; what they are made of is not looked at',
  'vmap call, vmap/structure.ts answersOf, zero: placeholder(`rule ${index}`, tensor) → $bind(\'mul\', {}, placeholder(`rule ${index}`, tensor), $number(0))':
    'the placeholders only mark places, in which the batch\'s values are put; what they are made of is not looked at',
  'vmap host, vmap/host.ts stacked, condition: result === undefined || result.dtype !== dtype || !sameShape(result.shape, shape) → result === undefined || result.dtype !== dtype && !sameShape(result.shape, shape)':
    'it refuses what a function answers against its own promise, and the kit draws no such functions',
  'vmap host, vmap/host.ts describe, off by one: shape → shape.map((one) => one + 1)':
    'it is part of the words of a message, which no derivative reads',
  'vjp pow, vjp/binary.ts powerInExponent, dropped term: and(equal(a, number(0)), lessEqual(number(0), b)) → equal(a, number(0))':
    'it differs only at zero to a negative power, where no derivative is finite; values of PyTorch\'s are recorded for it',
  'vjp pow, vjp/binary.ts powerInExponent, condition: lessEqual(number(0), b) → $bind(\'less\', {}, number(0), b)':
    'it differs only at zero to the power of zero, where the power has no derivative',
  'vjp pow, vjp/binary.ts powerInExponent, off by one: 1 → 2':
    'it differs only at zero to the power of zero, where the power has no derivative',
  'vjp scan, vjp/loop.ts scanRule, off by one: carries → (carries + 1)':
    'a loop of no steps has no elements in what is stacked, so that the cotangents it takes for those of slices have none either',
  'vjp scan, vjp/loop.ts scanRule, off by one: live → live.map((one) => one + 1)':
    'what is not found among the results of the loop is computed again by another, which changes cost and not numbers',
  'vjp scan, vjp/loop.ts histories, condition: index >= carries → index > carries':
    'what is not found among the results of the loop is computed again by another, which changes cost and not numbers'
}

/** Why a record's entry that is no rule has no mutants. */
const reasons: Readonly<Record<string, string>> = {
  'no operands': 'it has no operands, so no derivative reaches it, whatever the entry says',
  'integer results': 'its results are integers or truth values, which have neither tangents nor cotangents, so nothing reads the entry',
  'host function': 'a way through a function in the host\'s memory is refused before any rule is asked'
}

/** Rules with fewer than three mutants, and why there are no more. */
const few: Readonly<Record<string, string>> = {
  'vmap barrier': 'it applies the primitive as it is, and says which results are batched'
}

/** Why a rule has fewer than three mutants; `undefined` where there is no reason. `declared` is what the record says in a rule's place. */
export const reasonForFew = (kind: Kind, rule: string, declared: string | undefined): string | undefined =>
  few[`${kind} ${rule}`] ?? (declared === undefined ? undefined : reasons[declared])

/** The largest part of all mutants that may be equivalent. */
export const equivalentAtMost = 0.02
