/** The three kinds of rules, each a folder of packages/autodiff/src with a record of one rule for each primitive. */
export const kinds = ['vjp', 'jvp', 'vmap'] as const
export type Kind = (typeof kinds)[number]

/** What is changed, in the order in which the tables name it. */
export const operators = [
  'sign',
  'dropped term',
  'swapped operands',
  'wrong axis',
  'missing broadcast-sum',
  'missing transpose',
  'off by one',
  'zero',
  'condition',
  'arithmetic'
] as const
export type Operator = (typeof operators)[number]

/** One change of one expression: what stands at [start, end) becomes `mutated`. */
export interface Edit {
  readonly operator: Operator
  readonly start: number
  readonly end: number
  readonly mutated: string
}

/** One changed rule module, and the rules it is a mistake of. */
export interface Mutant {
  /** Stable while the text around it stays: kind, row, file, declaration, operator, original and mutated text, and a count where those are equal. */
  readonly id: string
  readonly kind: Kind
  /** The line of the table it belongs to: the primitive whose rule is changed, or the declaration that several rules share. */
  readonly row: string
  /** Primitives whose rules rest on what is changed; the kit must find one of them wrong. */
  readonly rules: readonly string[]
  /** From packages/autodiff/src, `vjp/binary.ts`. */
  readonly file: string
  readonly line: number
  readonly operator: Operator
  readonly original: string
  readonly mutated: string
  /** The module's text with the change in it. */
  readonly text: string
}
