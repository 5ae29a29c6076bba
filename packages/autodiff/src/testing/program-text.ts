import { showShape } from '@tabula/tensor'
import type { AnyNode, Graph, Tensor } from '@tabula/tensor'

/** A program, one node a line: `%3 = mul(%1, %2) : f32[2,3]`. Long programs are shortened in the middle. */
export const programText = ({ inputs, outputs, nodes }: Graph, longest = 60): string => {
  const numbers = new Map<AnyNode, number>(nodes.map((node, index) => [node, index]))
  const nameOf = ({ node, index }: Tensor): string => `%${numbers.get(node) ?? '?'}${node.outputs.length > 1 ? `.${index}` : ''}`
  const line = (node: AnyNode): string => {
    const types = node.outputs.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(', ')
    return `  %${numbers.get(node) ?? '?'} = ${node.primitive}(${node.inputs.map(nameOf).join(', ')}) : ${types}`
  }
  const lines = nodes.map(line)
  const half = Math.floor(longest / 2)
  const shown =
    lines.length <= longest ? lines : [...lines.slice(0, half), `  … ${lines.length - 2 * half} more …`, ...lines.slice(-half)]
  return [`program(${inputs.map(nameOf).join(', ')})`, ...shown, `  return ${outputs.map(nameOf).join(', ')}`].join('\n')
}
