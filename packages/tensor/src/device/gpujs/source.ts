import type { Sizes } from '../../shape.js'
import { sizeOf } from '../../shape.js'

/**
 * The text of a kernel and the number of its threads. Operands are the parameters a0, a1, …, flat arrays of `f32`.
 * Only what every backend of gpu.js computes alike is used: no `**`, no `%`, no NaN tests by inequality with itself.
 */
export interface KernelSource {
  readonly source: string
  readonly length: number
}

/** A kernel of `operands` parameters whose body answers the element at flat index `i`. */
export const kernelSource = (operands: number, shape: Sizes, body: string): KernelSource => ({
  source: `function(${Array.from({ length: operands }, (_, k) => `a${k}`).join(', ')}) { const i = this.thread.x; ${body} }`,
  length: sizeOf(shape)
})

/** Names of the indices along each axis, where the size is not 1. */
export const coordinates = (shape: Sizes, prefix = 'c'): readonly string[] => shape.map((size, axis) => (size === 1 ? '0' : `${prefix}${axis}`))

/** Statements that take a flat index apart into `coordinates`: division by floor, which is exact below 2²³. */
export const decode = (shape: Sizes, index = 'i', prefix = 'c'): string => {
  const axes = shape.flatMap((size, axis) => (size === 1 ? [] : [axis])).reverse()
  let rest = index
  return axes
    .map((axis, position) => {
      const name = `${prefix}${axis}`
      if (position === axes.length - 1) return `const ${name} = ${rest};`
      const quotient = `${prefix}q${axis}`
      const statement = `const ${quotient} = Math.floor(${rest} / ${shape[axis] ?? 1}); const ${name} = ${rest} - ${quotient} * ${shape[axis] ?? 1};`
      rest = quotient
      return statement
    })
    .join(' ')
}

/** The expression `base + Σ coordinate · stride`. */
export const offset = (names: readonly string[], strides: readonly number[], base: number | string = 0): string => {
  const terms = names.flatMap((name, axis) => {
    const stride = strides[axis] ?? 0
    return name === '0' || stride === 0 ? [] : [stride === 1 ? name : stride < 0 ? `${name} * (${stride})` : `${name} * ${stride}`]
  })
  const all = base === 0 ? terms : [...terms, String(base)]
  return all.length === 0 ? '0' : all.join(' + ')
}

/** Sums longer than this go through partial sums: more threads, and smaller rounding errors. */
const longestSum = 2048

/**
 * Kernels that sum `terms` terms for every element of `shape`: one, or two with partial sums between. `term` is the text of
 * statements that add term `r` of element `i` to `s`. The second kernel's operand is the first one's result.
 */
export const summation = (operands: number, shape: Sizes, terms: number, term: string): readonly KernelSource[] => {
  if (terms <= longestSum) return [kernelSource(operands, shape, `let s = 0; for (let r = 0; r < ${terms}; r++) { ${term} } return s;`)]
  const block = Math.ceil(Math.sqrt(terms))
  const blocks = Math.ceil(terms / block)
  const parameters = Array.from({ length: operands }, (_, k) => `a${k}`).join(', ')
  const partial = `function(${parameters}) { const t = this.thread.x; const i = Math.floor(t / ${blocks}); const p = t - i * ${blocks}; let s = 0; for (let j = 0; j < ${block}; j++) { const r = p * ${block} + j; if (r < ${terms}) { ${term} } } return s; }`
  return [
    { source: partial, length: sizeOf(shape) * blocks },
    kernelSource(1, shape, `let s = 0; for (let p = 0; p < ${blocks}; p++) { s += a0[i * ${blocks} + p]; } return s;`)
  ]
}
