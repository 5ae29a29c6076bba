import { showShape } from '@tabula/tensor'
import type { Sizes } from '@tabula/tensor'
import { programText } from '../../program-text.js'
import { hasSource, programSource, treeSource, valueSource } from '../program-source.js'
import type { Comparison } from './compare.js'
import type { Culprit } from './culprit.js'
import type { Mode } from './derivatives.js'
import { movedLeaves } from './point.js'
import type { Numbers } from './point.js'
import type { Found } from './shrink.js'

/** A derivative that differs from the difference quotient, or forward from reverse mode. */
export interface GradientMismatch<At = unknown> {
  readonly _tag: 'GradientMismatch'
  readonly order: number
  /** `forward` and `reverse` differ from the difference quotient; `adjoint`: from one another. */
  readonly comparison: Comparison
  /** The modes by which the function was derived whose derivative is wrong; empty at order 1. */
  readonly derivedBy: readonly Mode[]
  /** Where: a tree like the one given, as small and simple as the mistake allows. */
  readonly at: At
  /** Shapes of the leaves that were moved, by path. */
  readonly shapes: Readonly<Record<string, Sizes>>
  readonly values: readonly (readonly number[])[]
  readonly direction: readonly (readonly number[])[]
  /** What the derivative was weighted with, result by result. */
  readonly cotangent: readonly (readonly number[])[]
  /** The difference quotient along the direction; for `adjoint`, forward mode. */
  readonly expected: number
  /** The derivative along the direction. */
  readonly found: number
  /** What was thrown, where the derivative cannot even be built: a cotangent of wrong shape, say. Both numbers are then NaN. */
  readonly refused: string | undefined
  /** The smallest part of the program that is wrong by itself, where one was found. */
  readonly culprit: Culprit | undefined
  /** The listing of that part. */
  readonly program: string
  /** The check that shows the mistake at `at`. */
  readonly check: { readonly orders: readonly number[]; readonly modes: readonly Mode[]; readonly directions: number; readonly seed: number; readonly relative: number; readonly absolute: number }
  readonly message: string
}

const plain = (numbers: Numbers): readonly (readonly number[])[] => numbers.map((leaf) => Array.from(leaf))

/** The mismatch as it is reported. */
export const mismatchOf = <At>({ at, wrong, plan, culprit }: Found<At>): GradientMismatch<At> => {
  const { orders, modes, directions, seed, relative, absolute } = plan
  const leaves = movedLeaves(at)
  const { order, comparison, derivedBy, expected, found } = wrong
  const body = {
    _tag: 'GradientMismatch' as const,
    order,
    comparison,
    derivedBy,
    at,
    shapes: Object.fromEntries(leaves.map(({ path, leaf }) => [path, leaf.shape])),
    values: plain(wrong.point),
    direction: plain(wrong.direction),
    cotangent: plain(wrong.cotangent),
    expected,
    found,
    refused: wrong.refused?.message,
    culprit,
    program: culprit === undefined ? '' : programText(culprit.graph, 60),
    check: { orders, modes, directions, seed, relative, absolute }
  }
  return { ...body, message: messageOf(body) }
}

const preview = (values: readonly number[]): string =>
  `${values
    .slice(0, 8)
    .map((x) => String(Number(x.toPrecision(6))))
    .join(' ')}${values.length > 8 ? ` … ${values.length} in all` : ''}`

/** A number without the digits that rounding made. */
const short = (x: number): string => String(Number(x.toPrecision(9)))

const headline = ({ order, comparison, derivedBy, expected, found, refused }: Omit<GradientMismatch, 'message'>): string => {
  const of = derivedBy.length === 0 ? '' : ` of a function derived by ${derivedBy.join(', then ')} mode`
  if (refused !== undefined) return `Derivative of order ${order}${of}: ${comparison} mode throws. ${refused}`
  return comparison === 'adjoint'
    ? `Derivative of order ${order}${of}: reverse mode gives ${short(found)}, where forward mode gives ${short(expected)}.`
    : `Derivative of order ${order}${of}: ${comparison} mode gives ${short(found)} along a direction in which central differences give ${short(expected)}.`
}

const messageOf = (mismatch: Omit<GradientMismatch, 'message'>): string =>
  [
    headline(mismatch),
    ...Object.entries(mismatch.shapes).flatMap(([path, shape], index) => [
      `${path || 'argument'}: f32${showShape(shape)}`,
      `  value      ${preview(mismatch.values[index] ?? [])}`,
      ...(mismatch.direction[index] === undefined ? [] : [`  direction  ${preview(mismatch.direction[index])}`])
    ]),
    ...mismatch.cotangent.map((weights, index) => `result ${index}, weighted with ${preview(weights)}`),
    ...(mismatch.culprit === undefined
      ? []
      : [
          mismatch.culprit.call === undefined ? 'The smallest part of the program that is wrong by itself:' : `What is wrong is the derivative that "${mismatch.culprit.call}" brings along:`,
          mismatch.program
        ])
  ].join('\n')

/** How a printed test names what it tests. */
export interface ShowMismatch {
  /** The test runner whose imports are printed (`node:test`). */
  readonly runner?: 'node:test' | 'vitest' | 'jest'
  /** The expression by which the test calls the function that was checked (`f`). */
  readonly name?: string
  /** The module that exports `name`; without it, the test stands where `name` is known. */
  readonly from?: string
}

const runners = { 'node:test': "import { test } from 'node:test'\n", vitest: "import { test } from 'vitest'\n", jest: '' }

/**
 * The mismatch as a test that fails, to be pasted into a file. It holds all it needs where the mistake is in Tabula's own rules: the
 * part of the program that is wrong is written out. Otherwise it checks the function by its `name` at the smallest point.
 */
export const showMismatch = <At>(mismatch: GradientMismatch<At>, { runner = 'node:test', name = 'f', from }: ShowMismatch = {}): string => {
  const { culprit, check, order, at } = mismatch
  const whole = culprit === undefined || culprit.call !== undefined || !hasSource(culprit.graph)
  const shown = whole ? undefined : culprit
  const body = shown === undefined ? '' : programSource(shown.graph, namesOf(shown))
  const used = ['bind', 'bindAll', 'graphOf', 'hostValue', 'placeholder'].filter((helper) => helper === 'hostValue' || new RegExp(`\\b${helper}\\(`).test(body))
  const lists = shown === undefined ? treeSource(at) : `{ ${shown.operands.map((operand, index) => `x${index}: ${valueSource(operand)}`).join(', ')} }`
  // A part was looked for along as many directions.
  const directions = shown === undefined ? check.directions : Math.max(2, check.directions)
  const options = [
    `at: ${lists}`,
    `orders: [${(shown === undefined ? check.orders : Array.from({ length: order }, (_, index) => index + 1)).join(', ')}]`,
    `modes: [${check.modes.map((mode) => `'${mode}'`).join(', ')}]`,
    ...(directions === 2 ? [] : [`directions: ${directions}`]),
    ...(check.seed === 0 ? [] : [`seed: ${check.seed}`]),
    ...(check.relative === 1e-6 && check.absolute === 0 ? [] : [`tolerances: { relative: ${check.relative}, absolute: ${check.absolute} }`])
  ]
  const title = shown === undefined ? (culprit?.call ?? name) : shown.graph.nodes.flatMap(({ primitive }) => (primitive === 'input' || primitive === 'constant' ? [] : [primitive])).join(', ')
  return [
    `import assert from 'node:assert/strict'`,
    `${runners[runner]}import { ${used.join(', ')} } from '@tabula/tensor'`,
    ...(shown === undefined ? [] : [`import type { Tensor } from '@tabula/tensor'`]),
    `import { checkGradients } from '@tabula/autodiff/testing'`,
    ...(shown === undefined && from !== undefined ? [`import { ${name} } from '${from}'`] : []),
    '',
    ...(shown === undefined
      ? []
      : [`const program = ({ ${namesOf(shown).join(', ')} }: Readonly<Record<'${namesOf(shown).join("' | '")}', Tensor>>) => {`, body, '}', '']),
    ...headlineLines(mismatch),
    `test(${JSON.stringify(`${title}: derivative of order ${order}`)}, () => {`,
    `  const outcome = checkGradients(${shown === undefined ? name : 'program'}, {`,
    options.map((option) => `    ${option}`).join(',\n'),
    '  })',
    `  assert.equal(outcome._tag, 'Right', outcome._tag === 'Left' ? outcome.left.message : '')`,
    '})',
    ''
  ].join('\n')
}

const namesOf = ({ graph }: Culprit): readonly string[] => graph.inputs.map((_, index) => `x${index}`)

const headlineLines = (mismatch: GradientMismatch): readonly string[] => mismatch.message.split('\n').map((line) => `// ${line}`)
