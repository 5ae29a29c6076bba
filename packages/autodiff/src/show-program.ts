import { DtypeError, graphOf, mapLeaves, placeholder, ShapeError, simplify } from '@tabula/tensor'
import type { Abstract, Dtype, Shape, Sizes, Tensor } from '@tabula/tensor'
import { programText } from './program-text.js'
import { resultLeaves } from './tree.js'

/**
 * The type of an argument's shapes: the same tree, with `{ shape, dtype }` in the place of each tensor (host values and tensors are such
 * too), or for an `f32` tensor the shape alone, as in `[3, 4]`.
 */
export type ShapesOf<T> =
  T extends Tensor<Shape, infer D>
    ? Abstract<D> | ('f32' extends D ? Sizes : never)
    : T extends null | undefined
      ? T
      : T extends object
        ? { readonly [K in keyof T]: ShapesOf<T[K]> }
        : T

const isSizes = (x: unknown): x is Sizes => Array.isArray(x) && x.every((size) => typeof size === 'number')

const isAbstract = (x: unknown): x is Abstract => typeof x === 'object' && x !== null && 'shape' in x && isSizes(x.shape) && 'dtype' in x

const isLeaf = (x: unknown): x is Sizes | Abstract => isSizes(x) || isAbstract(x)

const dtypes: Readonly<Record<Dtype, true>> = { f32: true, i32: true, u32: true, bool: true }

const abstractOf = (leaf: Sizes | Abstract, operand: string): Abstract => {
  const abstract: Abstract = isAbstract(leaf) ? leaf : { shape: leaf, dtype: 'f32' }
  const { shape, dtype } = abstract
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new ShapeError({ operation: 'showProgram', operand, expected: 'whole sizes that are not negative', found: `[${shape.join(',')}]` })
  }
  if (!Object.hasOwn(dtypes, dtype)) {
    throw new DtypeError({ operation: 'showProgram', operand, expected: Object.keys(dtypes).join(', '), found: String(dtype) })
  }
  return abstract
}

/** How a program is listed. */
export interface ShowProgramOptions {
  /**
   * `true` lists what a device is given: calls inlined, equal expressions merged, identities removed. Else (default) the program as it
   * was traced.
   */
  readonly simplified?: boolean
}

/** A placeholder's name: the path of the leaf, under its argument's where there are several. */
const nameOf = (path: string, argument: number, count: number): string => {
  const root = count === 1 ? '' : `argument${argument}`
  return path === '' ? root || 'x' : root === '' ? path : `${root}.${path}`
}

/**
 * The program that f builds for arguments of these shapes, as text that depends on the program alone, so that it may be a snapshot:
 * `showProgram(grad(loss))({ w: [3, 4], b: [4] }, { shape: [2, 3], dtype: 'f32' })`. f runs once, on placeholders; nothing is computed.
 *
 * Throws what f throws, `TreeError` where an argument has leaves without a shape or f answers something else than tensors, and
 * `ShapeError` or `DtypeError` at shapes or types that are none.
 */
export const showProgram =
  <A extends readonly unknown[], R>(f: (...args: A) => R, { simplified = false }: ShowProgramOptions = {}) =>
  (...shapes: { readonly [K in keyof A]: ShapesOf<A[K]> }): string => {
    const inputs: Tensor[] = []
    const placeholders = shapes.map((tree: unknown, argument) =>
      mapLeaves(tree, isLeaf, (leaf, path) => {
        const name = nameOf(path, argument, shapes.length)
        const input = placeholder(name, abstractOf(leaf, name))
        inputs.push(input)
        return input
      })
    )
    // Every shape became a placeholder of that shape and type; that is what ShapesOf states.
    const result = f(...(placeholders as unknown as A))
    const outputs = resultLeaves('showProgram', result).map(({ tensor }) => tensor)
    const graph = graphOf(inputs, outputs)
    return programText(simplified ? simplify(graph) : graph)
  }
