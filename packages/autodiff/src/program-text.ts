import { isHostValue, showShape } from '@tabula/tensor'
import type { AnyNode, Graph, HostValue, Tensor } from '@tabula/tensor'

const shownElements = 8

const isGraph = (x: unknown): x is Graph => typeof x === 'object' && x !== null && 'nodes' in x && 'outputs' in x && 'inputs' in x

/** A number of a program's data, in single precision by the fewest digits that tell it from its neighbours. */
const numberText = (x: number, { data }: HostValue): string => {
  if (Object.is(x, -0)) return '-0'
  if (!(data instanceof Float32Array) || !Number.isFinite(x)) return String(x)
  const digits = [6, 7, 8].find((count) => Math.fround(Number(x.toPrecision(count))) === x) ?? 9
  return String(Number(x.toPrecision(digits)))
}

const constantText = (value: HostValue): string => {
  const shown = Array.from(value.data.subarray(0, shownElements), (x) => numberText(x, value))
  const rest = value.data.length - shown.length
  return `[${shown.join(', ')}${rest > 0 ? `, … ${rest} more` : ''}]`
}

/** An attribute's value: numbers, texts and arrays as written, functions by what they are. */
const attributeText = (value: unknown): string => {
  if (isHostValue(value)) return constantText(value)
  if (Array.isArray(value)) return `[${value.map(attributeText).join(',')}]`
  if (typeof value === 'function') return 'given'
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  return JSON.stringify(value) ?? 'undefined'
}

/** The sub-graphs among a node's attributes, each with what it is there. */
const subGraphs = (attributes: object): readonly { readonly role: string; readonly graph: Graph }[] =>
  Object.entries(attributes).flatMap(([name, value]: readonly [string, unknown]) => {
    if (isGraph(value)) return [{ role: name, graph: value }]
    if (!Array.isArray(value) || value.length === 0 || !value.every(isGraph)) return []
    return value.map((graph, index) => ({ role: `${name}.${index}`, graph }))
  })

const isGraphs = (value: unknown): boolean => isGraph(value) || (Array.isArray(value) && value.length > 0 && value.every(isGraph))

const typeOf = ({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): string => `${dtype}${showShape(shape)}`

/** A rank-0 constant, which is written where it is used. */
const literalOf = (node: AnyNode): string | undefined => {
  if (node.primitive !== 'constant' || node.attributes.value.shape.length !== 0) return undefined
  const { value } = node.attributes
  const text = numberText(value.data[0] ?? NaN, value)
  return value.dtype === 'f32' ? text : `${value.dtype}(${text})`
}

/** Names of a graph's nodes: placeholders by their own, made distinct; the others by number, in order. */
const namesOf = ({ inputs, nodes }: Graph): ReadonlyMap<AnyNode, string> => {
  const names = new Map<AnyNode, string>()
  const taken = new Set<string>()
  for (const { node } of inputs) {
    if (names.has(node)) continue
    const own = node.primitive === 'input' ? node.attributes.name.replace(/[^\p{L}\p{N}_.]+/gu, '') : ''
    const base = own === '' || /^\d+$/.test(own) ? `input${own}` : own
    let name = base
    for (let copy = 2; taken.has(name); copy++) name = `${base}_${copy}`
    taken.add(name)
    names.set(node, `%${name}`)
  }
  let next = 0
  for (const node of nodes) if (!names.has(node)) names.set(node, literalOf(node) ?? `%${next++}`)
  return names
}

const linesOf = (graph: Graph, role: string, indent: string): readonly string[] => {
  const names = namesOf(graph)
  const nameOf = ({ node, index }: Tensor): string => `${names.get(node) ?? '%?'}${node.outputs.length > 1 ? `.${index}` : ''}`
  const parameters = new Set(graph.inputs.map(({ node }) => node))
  const body = graph.nodes.flatMap((node): readonly string[] => {
    if (parameters.has(node) || literalOf(node) !== undefined) return []
    const written = Object.entries(node.attributes).filter(([, value]: readonly [string, unknown]) => !isGraphs(value))
    const operands = [...node.inputs.map(nameOf), ...written.map(([name, value]: readonly [string, unknown]) => `${name}=${attributeText(value)}`)]
    const line = `${indent}  ${names.get(node) ?? '%?'} = ${node.primitive}(${operands.join(', ')}) : ${node.outputs.map(typeOf).join(', ')}`
    return [line, ...subGraphs(node.attributes).flatMap((inner) => linesOf(inner.graph, inner.role, `${indent}    `))]
  })
  return [
    `${indent}${role}(${graph.inputs.map((input) => `${nameOf(input)}: ${typeOf(input)}`).join(', ')})`,
    ...body,
    `${indent}  return ${graph.outputs.map((output) => `${nameOf(output)}: ${typeOf(output)}`).join(', ')}`
  ]
}

/**
 * A graph as text, one application a line, operands first: `%3 = reduceSum(%2, axes=[0,1], keepDimensions=false) : f32[]`. Placeholders
 * have their own names, constants of rank 0 are written where they are used, and the sub-graphs of `call`, `cond` and `scan` stand
 * indented below their line, with numbers of their own. The text depends on the graph alone. Where it has more than `longest` lines,
 * those in the middle are left out.
 */
export const programText = (graph: Graph, longest = Infinity): string => {
  const lines = linesOf(graph, 'program', '')
  if (lines.length <= longest) return lines.join('\n')
  const half = Math.floor(longest / 2)
  return [...lines.slice(0, half), `  … ${lines.length - 2 * half} more …`, ...lines.slice(-half)].join('\n')
}
