import { either as E } from 'fp-ts'
import { vjp } from '@tabula/autodiff'
import { graphOf, isTensor, placeholder, showError, simplify, tensorsOf } from '@tabula/tensor'
import type { Device, HostValue, Shape, Tensor } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { compare } from '../compare.js'
import type { Comparison } from '../compare.js'
import type { Recording } from '../files.js'
import { argumentsOf } from './arguments.js'
import { truthsOf } from './recorded.js'
import type { Accuracy, Operation, Outputs, Recorded } from './recorded.js'

/** A row of `cases.json`: see the fixtures' README. */
export interface TorchCase {
  readonly name: string
  readonly group: string
  readonly op: string
  readonly attrs: Readonly<Record<string, unknown>>
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly grads: readonly string[]
}

const relative = (share: number) => (largest: number): number => share * Math.max(largest, 1e-3)

/** How far single precision may be from the recorded double, by the largest recorded magnitude: values, then gradients. */
const singleTolerance: { readonly [A in Accuracy]: readonly [(largest: number) => number, (largest: number) => number] } = {
  elementwise: [(largest) => 1e-5 + 1e-5 * largest, (largest) => 1e-5 + 1e-5 * largest],
  sums: [relative(2e-5), relative(2e-5)],
  norms: [relative(2e-5), (largest) => 1e-4 * Math.max(1, largest)],
  optimizer: [(largest) => 1e-4 * Math.max(1, largest), (largest) => 1e-4 * Math.max(1, largest)]
}

/** On the reference interpreter 1e-10 of a recorded double; whole numbers are equal; recorded singles are as near as singles get. */
const toleranceOf = (accuracy: Accuracy, value: HostValue, exact: boolean, kind: 'value' | 'gradient') => (largest: number): number => {
  if (value.dtype !== 'f32') return 0
  if (exact && value.data instanceof Float64Array) return 1e-10 * Math.max(1, largest)
  const [ofValues, ofGradients] = singleTolerance[accuracy]
  return kind === 'value' ? ofValues(largest) : ofGradients(largest)
}

const required = (recording: Recording, name: string): HostValue => {
  const value = recording.get(name)
  if (value === undefined) throw new Error(`${name} is not recorded`)
  return value
}

const namedOutputs = (built: Tensor | Outputs, names: readonly string[]): Outputs => {
  if (!isTensor(built)) return built
  const [only = 'y'] = names
  return { [only]: built }
}

/** What a row's operands, cotangents and results are on a device, and how they compare with the recorded ones. */
export const runCase = async (row: TorchCase, operation: Operation, recording: Recording, device: Device): Promise<readonly Comparison[]> => {
  const recorded = (name: string): HostValue => required(recording, `${row.name}/${name}`)
  const inputs = new Map<string, { readonly tensor: Tensor; readonly value: HostValue }>()
  const declare = (name: string): Tensor => {
    const value = recorded(name)
    const tensor = placeholder(name, value)
    inputs.set(name, { tensor, value })
    return tensor
  }
  const operands = new Map(row.inputs.map((name) => [name, declare(`in.${name}`)]))
  const args = argumentsOf(row.attrs)
  const used = new Set<string>()
  const access = (variables: Outputs): Recorded => {
    const operand = (name: string): Tensor => {
      const found = variables[name] ?? operands.get(name)
      used.add(name)
      if (found === undefined) throw new Error(`no operand ${name}`)
      return found
    }
    return {
      names: row.inputs,
      has: (name) => operands.has(name),
      // The recording says which type an operand has; a wrong one is refused when the program is built.
      floats: (name) => operand(name) as Tensor<Shape, 'f32'>,
      integers: (name) => operand(name) as Tensor<Shape, 'i32'>,
      truths: (name) => truthsOf(operand(name)),
      host: (name) => {
        used.add(name)
        return recorded(`in.${name}`)
      },
      irrelevant: (...names) => {
        for (const name of names) used.add(name)
      },
      recordedShape: (output) => recorded(`out.${output}`).shape,
      args
    }
  }
  const variables = Object.fromEntries(row.grads.flatMap((name) => {
    const tensor = operands.get(name)
    return tensor === undefined ? [] : [[name, tensor]]
  }))
  const build = (parameters: Outputs): Outputs => namedOutputs(operation.build(access(parameters)), row.outputs)
  const { value: outputs, pullback } = row.grads.length > 0 ? vjp(build)(variables) : { value: build(variables), pullback: () => ({}) }
  const unread = args.unread()
  if (unread.length > 0) throw new Error(`${row.op} knows no argument ${unread.join(', ')}`)
  const unused = row.inputs.filter((name) => !used.has(name))
  if (unused.length > 0) throw new Error(`${row.op} knows no operand ${unused.join(', ')}`)
  const cotangents = Object.fromEntries(
    Object.keys(outputs).map((name) => [name, recording.has(`${row.name}/ct.${name}`) ? (declare(`ct.${name}`) as Tensor<Shape, 'f32'>) : null])
  )
  const gradients: Outputs = row.grads.length > 0 ? pullback(cotangents) : {}

  const names = Object.keys(outputs)
  const parameters = [...inputs.values()]
  const graph = simplify(graphOf(parameters.map(({ tensor }) => tensor), tensorsOf([outputs, gradients])))
  const engine = operation.singlePrecision === true && device.name === 'reference' ? referenceDevice({ precision: 'single' }) : device
  const executable = await engine.compile(graph)()
  if (E.isLeft(executable)) throw new Error(showError(executable.left))
  const ran = await executable.right.run(parameters.map(({ value }) => value))()
  executable.right.release()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))

  const found = Object.fromEntries(names.flatMap((name, index) => {
    const value = ran.right[index]
    return value === undefined ? [] : [[name, value]]
  }))
  const finished = operation.finish?.(found, access({})) ?? found
  const exact = engine.name === 'reference' && operation.singlePrecision !== true
  const ofOutputs = row.outputs.map((name) => {
    const wanted = recorded(`out.${name}`)
    return compare(name, finished[name], wanted, toleranceOf(operation.accuracy, wanted, exact, 'value'))
  })
  const ofGradients = row.grads.map((name) => {
    const wanted = recorded(`grad.${name}`)
    const index = names.length + Object.keys(gradients).indexOf(name)
    return compare(`gradient of ${name}`, ran.right[index], wanted, toleranceOf(operation.accuracy, wanted, exact, 'gradient'))
  })
  return [...ofOutputs, ...ofGradients]
}
