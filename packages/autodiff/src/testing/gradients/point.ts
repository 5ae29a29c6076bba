import { bind, hostValue, isHostValue, leavesOf, mapLeaves, sizeOf, TreeError } from '@tabula/tensor'
import type { Abstract, EvaluationError, HostValue, Sizes, Tensor, TensorsOf } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import type { Graph } from '@tabula/tensor'
import { either as E } from 'fp-ts'

/** The numbers of several tensors, in order. */
export type Numbers = readonly Float64Array[]

/** A function of several `f32` tensors to several. */
export type VectorFunction = (variables: readonly Tensor[]) => readonly Tensor[]

/** The floating-point leaves of a tree, which a check moves. */
export interface MovedLeaf {
  readonly path: string
  readonly leaf: HostValue<'f32'>
}

/** The `f32` leaves of a tree of host values, in order. */
export const movedLeaves = (at: unknown): readonly MovedLeaf[] =>
  leavesOf(at, isHostValue).filter((leaf): leaf is MovedLeaf => leaf.leaf.dtype === 'f32')

/** A leaf's numbers in double precision. */
export const numbersOf = ({ data }: HostValue): Float64Array => Float64Array.from(data)

/** The tree with the numbers of its `f32` leaves replaced. */
export const moveTo = <At>(at: At, numbers: Numbers): At => {
  let next = 0
  // The same structure, types and shapes, hence the same type.
  return mapLeaves(at, isHostValue, (leaf) =>
    leaf.dtype === 'f32' ? hostValue('f32', leaf.shape, numbers[next++] ?? new Float64Array(sizeOf(leaf.shape))) : leaf
  ) as At
}

/** The tree with its `f32` leaves replaced by variables and the others by constants. Throws `TreeError` where variables are missing. */
export const argumentsOf = <At>(at: At, variables: readonly Tensor[]): TensorsOf<At> => {
  let next = 0
  // Every host value became a tensor of its type; that is what TensorsOf states.
  return mapLeaves(at, isHostValue, (leaf, path) => {
    if (leaf.dtype !== 'f32') return bind('constant', { value: leaf })
    const variable = variables[next++]
    if (variable === undefined)
      throw new TreeError({ operation: 'checkGradients', operand: path, expected: 'a variable', found: 'none' })
    return variable
  }) as TensorsOf<At>
}

/** A constant in double precision. */
export const constant = (shape: Sizes, data: Float64Array): Tensor => bind('constant', { value: hostValue('f32', shape, data) })

/** Numbers as constants of the given shapes. */
export const constants = (like: readonly Pick<Abstract, 'shape'>[], numbers: Numbers): readonly Tensor[] =>
  like.map(({ shape }, index) => constant(shape, numbers[index] ?? new Float64Array(sizeOf(shape))))

/** The interpreter's refusal, on its way to where it becomes a value. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly reason: EvaluationError
  constructor(reason: EvaluationError) {
    super(reason.message)
    this.reason = reason
  }
}

/** The outputs of a program for these numbers, by the reference interpreter in double precision. Throws `Refused`. */
export const run = (graph: Graph, inputs: Numbers): Numbers => {
  const values = graph.inputs.map(({ shape }, index) => hostValue('f32', shape, inputs[index] ?? new Float64Array(sizeOf(shape))))
  const outcome = evaluate(graph, values)
  if (E.isLeft(outcome)) throw new Refused(outcome.left)
  return outcome.right.map(numbersOf)
}

/** What `body` answers; `Left` where the interpreter refuses. */
export const attempt = <T>(body: () => T): E.Either<EvaluationError, T> => {
  try {
    return E.right(body())
  } catch (thrown) {
    if (thrown instanceof Refused) return E.left(thrown.reason)
    throw thrown
  }
}
