import type { AnyNode, Graph, HostValue, Tensor } from '@tabula/tensor'

/** A number as TypeScript. */
export const numberSource = (x: number): string =>
  Object.is(x, -0) ? '-0' : Number.isNaN(x) ? 'NaN' : x === Infinity ? 'Infinity' : x === -Infinity ? '-Infinity' : String(x)

/** A host value as TypeScript that makes it. */
export const valueSource = ({ dtype, shape, data }: HostValue): string => {
  const array = { f32: 'Float64Array', i32: 'Int32Array', u32: 'Uint32Array', bool: 'Uint8Array' }[dtype]
  return `hostValue('${dtype}', [${shape.join(', ')}], ${array}.of(${Array.from(data, numberSource).join(', ')}))`
}

/** A tree of host values, arrays and records as TypeScript that makes it. */
export const treeSource = (tree: unknown): string => {
  if (tree === null || tree === undefined) return String(tree)
  if (Array.isArray(tree)) return `[${tree.map(treeSource).join(', ')}]`
  if (typeof tree === 'number') return numberSource(tree)
  if (typeof tree !== 'object') return JSON.stringify(tree)
  // A host value is the one record of this kind.
  if ('kind' in tree && tree.kind === 'host') return valueSource(tree as HostValue)
  return `{ ${Object.entries(tree).map(([key, child]) => `${keySource(key)}: ${treeSource(child)}`).join(', ')} }`
}

const keySource = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key))

const isGraph = (value: unknown): value is Graph => typeof value === 'object' && value !== null && 'inputs' in value && 'outputs' in value && 'nodes' in value

/** Whether an attribute is, or holds, a function, which has no source. */
const holdsFunction = (value: unknown): boolean => {
  if (typeof value === 'function') return true
  if (isGraph(value)) return value.nodes.some((node) => holdsFunction(node.attributes))
  return Array.isArray(value) ? value.some(holdsFunction) : typeof value === 'object' && value !== null && Object.values(value).some(holdsFunction)
}

/** Whether a program can be written down: none of its calls brings a function along. */
export const hasSource = (graph: Graph): boolean => !holdsFunction(graph)

/**
 * A program as TypeScript: the body of a function of its inputs, by the names given, which answers its outputs. Uses `bind`,
 * `bindAll`, `hostValue`, and for programs within programs `graphOf` and `placeholder`, all from `@tabula/tensor`.
 */
export const programSource = (graph: Graph, names: readonly string[], indent = '  '): string => {
  const known = new Map<AnyNode, string>()
  graph.inputs.forEach(({ node }, index) => known.set(node, names[index] ?? `x${index}`))
  const several = (node: AnyNode): boolean => node.outputs.length > 1
  const nameOf = ({ node, index }: Tensor): string => `${known.get(node) ?? '?'}${several(node) ? `[${index}]` : ''}`
  const lines: string[] = []
  graph.nodes.forEach((node) => {
    if (known.has(node)) return
    const name = `${names[0] ?? 'x'}_${known.size}`.replace(/^[^A-Za-z_]/, 'y')
    const attributes = attributesSource(node.attributes, indent)
    const operands = node.inputs.map((input) => `, ${nameOf(input)}`).join('')
    lines.push(`${indent}const ${name} = ${several(node) ? 'bindAll' : 'bind'}('${node.primitive}', ${attributes}${operands})`)
    known.set(node, name)
  })
  return [...lines, `${indent}return [${graph.outputs.map(nameOf).join(', ')}]`].join('\n')
}

const attributesSource = (value: unknown, indent: string): string => {
  if (isGraph(value)) return graphSource(value, indent)
  if (Array.isArray(value)) return `[${value.map((item) => attributesSource(item, indent)).join(', ')}]`
  if (typeof value !== 'object' || value === null || ('kind' in value && value.kind === 'host')) return treeSource(value)
  const entries = Object.entries(value).map(([key, item]) => `${keySource(key)}: ${attributesSource(item, indent)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** A closed program as an expression: a function applied to placeholders made for it. */
const graphSource = (graph: Graph, indent: string): string => {
  const inner = `${indent}  `
  const depth = indent.length / 2
  const names = graph.inputs.map((_, index) => `${'pqrstuvw'[depth % 8] ?? 'p'}${index}`)
  const places = graph.inputs.map(({ shape, dtype }, index) => `placeholder('${names[index] ?? ''}', { shape: [${shape.join(', ')}], dtype: '${dtype}' })`)
  return [
    `((${names.map((name) => `${name}: Tensor`).join(', ')}) => graphOf([${names.join(', ')}], (() => {`,
    programSource(graph, names, inner),
    `${indent}})()))(${places.join(', ')})`
  ].join('\n')
}
