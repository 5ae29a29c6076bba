import { definitionOf } from '@tabula/nn'
import type { AnyLayer, TrainingContext } from '@tabula/nn'
import { TreeError } from '@tabula/tensor'
import type { Key, Shape, Tensor } from '@tabula/tensor'

/** A record of parameter or state trees. */
export type Trees = Readonly<Record<string, unknown>>

/** Whether state is updated: training and inference are two interpretations of one description. */
export type Mode = 'train' | 'infer'

/** A part of a model with inputs and outputs of any form, whose parameters and state are records. */
export interface Module<Input, Output> {
  readonly init: (key: Key, path: string) => { readonly params: Trees; readonly state: Trees }
  /** The output and the next state (in inference, the state as it was). Throws `ShapeError`. */
  readonly apply: (mode: Mode, params: Trees, state: Trees, input: Input) => readonly [Output, Trees]
}

type Real = Tensor<Shape, 'f32'>

/** Applies layers to fields of a record, threading each one's state in call order. */
export interface Scope {
  /** A layer whose leaves are this record's own. */
  readonly here: (of: AnyLayer, x: Real) => Real
  /** A layer whose leaves are in a field. `context` says which rows of x count in training. */
  readonly layer: (name: string, of: AnyLayer, x: Real, context?: TrainingContext) => Real
  /** A module in a field. */
  readonly module: <Input, Output>(name: string, of: Module<Input, Output>, input: Input) => Output
  /** The state after everything applied so far. */
  readonly state: () => Trees
}

/** The record in a field. Throws `TreeError` where there is none. */
export const treesAt = (trees: Trees, name: string): Trees => {
  const field = trees[name]
  if (typeof field !== 'object' || field === null) throw new TreeError({ operation: 'model', operand: name, expected: 'a record of parameters', found: field === undefined ? 'nothing' : typeof field })
  return Object.fromEntries(Object.entries(field))
}

/** The tensor at a path. Throws `TreeError` where there is none. */
export const leafAt = (operation: string, trees: Trees, path: readonly string[]): Real => {
  const found = path.reduce<unknown>((tree, name) => Object.getOwnPropertyDescriptor(Object(tree), name)?.value, trees)
  // A tree's leaves are tensors.
  if (found === undefined) throw new TreeError({ operation, operand: path.join('.'), expected: 'a tensor', found: 'nothing' })
  return found as Real
}

/**
 * The parts of a model applied to expressions under their names: each takes its own fields of `params`, and of the state, which starts as
 * `initial` and is threaded from call to call; `state()` is what it has become. Throws `TreeError` where a field is missing.
 */
export const scopeOf = (mode: Mode, params: Trees, initial: Trees): Scope => {
  let state = initial
  const step = (of: AnyLayer, p: unknown, s: unknown, x: Real, context?: TrainingContext): readonly [Real, unknown] => {
    const definition = definitionOf(of)
    return mode === 'train' ? definition.train(p, s, x, context) : [definition.infer(p, s, x), s]
  }
  const within = <Output>(name: string, apply: (p: Trees, s: Trees) => readonly [Output, unknown]): Output => {
    const [y, next] = apply(treesAt(params, name), treesAt(state, name))
    state = { ...state, [name]: next }
    return y
  }
  return {
    here: (of, x) => {
      const [y, next] = step(of, params, state, x)
      state = { ...state, ...Object(next) }
      return y
    },
    layer: (name, of, x, context) => within(name, (p, s) => step(of, p, s, x, context)),
    module: (name, of, input) => within(name, (p, s) => of.apply(mode, p, s, input)),
    state: () => state
  }
}

/** A module made of named parts, each a layer or a module with a record of its own. */
export const initAll =
  (parts: Readonly<Record<string, AnyLayer | Pick<Module<never, unknown>, 'init'>>>) =>
  (key: Key, path: string): { readonly params: Trees; readonly state: Trees } => {
    const made = Object.entries(parts).map(([name, part]) => {
      const at = path === '' ? name : `${path}.${name}`
      return [name, 'kind' in part ? definitionOf(part).init(key, at) : part.init(key, at)] as const
    })
    return {
      params: Object.fromEntries(made.map(([name, { params }]) => [name, params])),
      state: Object.fromEntries(made.map(([name, { state }]) => [name, state]))
    }
  }
