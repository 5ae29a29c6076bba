import { either as E } from 'fp-ts'
import { vjp } from '@tabula/autodiff'
import { graphOf, isTensor, joinReplicas, placeholder, showError, simplify, tensorsOf } from '@tabula/tensor'
import type { Device, Graph, HostValue, Shape, Tensor } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'
import { compare } from '../compare.js'
import type { Comparison } from '../compare.js'
import type { Recording } from '../files.js'
import { argumentsOf } from './arguments.js'
import { truthsOf } from './recorded.js'
import { joinRows, rowsOf, sumOf } from './host-rows.js'
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

/**
 * On the reference interpreter 1e-10 of the largest of the recorded doubles, whatever its size; whole numbers are equal; recorded singles
 * are as near as singles get.
 */
const toleranceOf = (accuracy: Accuracy, value: HostValue, exact: boolean, kind: 'value' | 'gradient') => (largest: number): number => {
  if (value.dtype !== 'f32') return 0
  if (exact && value.data instanceof Float64Array) return 1e-10 * largest
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

/** Where a row's tensors are read from. */
interface Source {
  readonly has: (name: string) => boolean
  readonly recorded: (name: string) => HostValue
}

const sourceOf = (row: TorchCase, recording: Recording): Source => ({
  has: (name) => recording.has(`${row.name}/${name}`),
  recorded: (name) => required(recording, `${row.name}/${name}`)
})

/** A row as a program: its parameters with their numbers, its results and gradients, and how it reads the recording. */
interface Program {
  readonly parameters: readonly { readonly tensor: Tensor; readonly value: HostValue }[]
  readonly outputs: Outputs
  readonly gradients: Outputs
  readonly access: Recorded
}

const programOf = (row: TorchCase, operation: Operation, { has, recorded }: Source): Program => {
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
    Object.keys(outputs).map((name) => [name, has(`ct.${name}`) ? (declare(`ct.${name}`) as Tensor<Shape, 'f32'>) : null])
  )
  const gradients: Outputs = row.grads.length > 0 ? pullback(cotangents) : {}
  return { parameters: [...inputs.values()], outputs, gradients, access: access({}) }
}

/** Runs a graph once. Throws with the device's message where it cannot. */
const runOnce = async (engine: Device, graph: Graph, values: readonly HostValue[]): Promise<readonly HostValue[]> => {
  const executable = await engine.compile(simplify(graph))()
  if (E.isLeft(executable)) throw new Error(showError(executable.left))
  const ran = await executable.right.run(values)()
  executable.right.release()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  return ran.right
}

/** A program's own results by name, out of what a run answered from `start` on; then its gradients. */
const namedResults = ({ outputs, gradients }: Program, ran: readonly HostValue[], start: number) => {
  const named = (names: readonly string[], from: number) =>
    Object.fromEntries(names.flatMap((name, index) => {
      const value = ran[from + index]
      return value === undefined ? [] : [[name, value]]
    }))
  const names = Object.keys(outputs)
  return { values: named(names, start), gradients: named(Object.keys(gradients), start + names.length) }
}

const graphOfProgram = ({ parameters, outputs, gradients }: Program): Graph => graphOf(parameters.map(({ tensor }) => tensor), tensorsOf([outputs, gradients]))

/** What a row's results and gradients are on a device, and how they compare with the recorded ones. */
export const runCase = async (row: TorchCase, operation: Operation, recording: Recording, device: Device): Promise<readonly Comparison[]> => {
  const source = sourceOf(row, recording)
  const engine = operation.singlePrecision === true && device.name === 'reference' ? referenceDevice({ precision: 'single' }) : device
  const exact = engine.name === 'reference' && operation.singlePrecision !== true
  const ofOutput = (name: string, found: HostValue | undefined): Comparison => {
    const wanted = source.recorded(`out.${name}`)
    return compare(name, found, wanted, toleranceOf(operation.accuracy, wanted, exact, 'value'))
  }
  const ofGradient = (name: string, found: HostValue | undefined): Comparison => {
    const wanted = source.recorded(`grad.${name}`)
    return compare(`gradient of ${name}`, found, wanted, toleranceOf(operation.accuracy, wanted, exact, 'gradient'))
  }
  if (operation.replicas === undefined) {
    const program = programOf(row, operation, source)
    const ran = await runOnce(engine, graphOfProgram(program), program.parameters.map(({ value }) => value))
    const { values, gradients } = namedResults(program, ran, 0)
    const finished = operation.finish?.(values, program.access) ?? values
    return [...row.outputs.map((name) => ofOutput(name, finished[name])), ...row.grads.map((name) => ofGradient(name, gradients[name]))]
  }

  // Every replica's program is built and differentiated with its own shard, and their graphs are joined.
  const { split, operand, output } = operation.replicas
  const sizes = split(argumentsOf(row.attrs))
  const sharded = new Set([`in.${operand}`, `ct.${output}`])
  const programs = sizes.map((size, replica) => {
    const start = sizes.slice(0, replica).reduce((a, b) => a + b, 0)
    return programOf(row, operation, {
      ...source,
      recorded: (name) => (sharded.has(name) ? rowsOf(source.recorded(name), start, size) : source.recorded(name))
    })
  })
  const parameters = programs.flatMap((program) => program.parameters)
  const ran = await runOnce(engine, joinReplicas(programs.map(graphOfProgram)), parameters.map(({ value }) => value))
  let place = 0
  const results = programs.map((program) => {
    const own = namedResults(program, ran, place)
    place += Object.keys(program.outputs).length + Object.keys(program.gradients).length
    return own
  })
  const all = (of: (result: (typeof results)[number]) => HostValue | undefined): readonly HostValue[] => results.flatMap((result) => of(result) ?? [])
  return [
    // What is not sharded every replica must answer alike.
    ...row.outputs.flatMap((name) => {
      const found = all(({ values }) => values[name])
      return name === output ? [ofOutput(name, joinRows(found))] : results.map((_, replica) => ofOutput(name, found[replica]))
    }),
    ...row.grads.map((name) => {
      const found = all(({ gradients }) => gradients[name])
      return ofGradient(name, name === operand ? joinRows(found) : sumOf(found))
    })
  ]
}
