import { add, hostValue, matmul, mul, named, sub, tanh, total, trace } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { evaluate } from '@tabula/tensor/reference'
import { scan, valueAndGrad } from '@tabula/autodiff'

type State = Tensor<readonly ['N', 2], 'f32'>

interface Cell {
  readonly recurrent: Tensor<readonly [2, 2], 'f32'>
  readonly input: Tensor<readonly [1, 2], 'f32'>
}

interface Series {
  readonly begin: State
  /** One slice for each step. */
  readonly inputs: Tensor<readonly ['T', 'N', 1], 'f32'>
  readonly targets: Tensor<readonly ['T', 'N', 2], 'f32'>
}

/** The squared error of a recurrent cell over a series: from a state and a slice to the next state and the step's error. */
const loss = (cell: Cell, { begin, inputs, targets }: Series): Tensor<readonly [], 'f32'> => {
  const [, errors] = scan(
    (state: State, { x, y }) => {
      const next = tanh(add(matmul(state, cell.recurrent), matmul(x, cell.input)))
      const error = sub(next, y)
      return [next, mul(error, error)] as const
    },
    begin,
    { x: inputs, y: targets },
    { checkpointEvery: 8 }
  )
  return total(errors)
}

const steps = 64
const numbers = (shape: readonly number[], element: (index: number) => number) =>
  hostValue('f32', shape, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, index) => element(index)))

const example = {
  recurrent: numbers([2, 2], (k) => [0.5, -0.2, 0.3, 0.4][k] ?? 0),
  input: numbers([1, 2], () => 1),
  begin: numbers([3, 2], () => 0),
  inputs: numbers([steps, 3, 1], Math.sin),
  targets: numbers([steps, 3, 2], Math.cos)
}

const program = trace(({ recurrent, input, begin, inputs, targets }) => {
  const cell = { recurrent: named([2, 2])(recurrent), input: named([1, 2])(input) }
  const series = { begin: named(['N', 2])(begin), inputs: named(['T', 'N', 1])(inputs), targets: named(['T', 'N', 2])(targets) }
  return valueAndGrad(loss)(cell, series)
}, example)

/** The loss, and the gradients of the two matrices. */
export const outcome = evaluate(program.graph, Object.values(example))
