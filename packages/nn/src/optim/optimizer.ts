import { floats, isHostValue, mapLeaves, scalar } from '@tabula/tensor'
import type { HostValue, Tensor } from '@tabula/tensor'
import type { Parameter } from '../tree.js'

/** What an optimizer remembers: how many steps it made, and trees shaped like the parameters, such as `momentum`. */
export interface OptimizerState<Tree, Leaf = Parameter> {
  readonly step: Leaf
  readonly slots: Readonly<Record<string, Tree>>
}

/** A rule for parameters that its predicate chooses by their dotted paths. */
export interface ParameterGroup {
  readonly matches: (path: string) => boolean
  /** In place of the optimizer's. */
  readonly weightDecay?: number
  /** A factor of the learning rate. */
  readonly learningRate?: number
}

/** An optimizer as pure functions. */
export interface Optimizer {
  readonly name: string
  /** The state before the first step, for a tree of initial values. */
  readonly init: <Values>(params: Values) => OptimizerState<Values, HostValue<'f32'>>
  /** Parameters and state after a step, as expressions: part of the compiled training step. The trees have the same paths. */
  readonly update: <P>(
    gradients: P,
    state: OptimizerState<P>,
    params: P,
    learningRate: Tensor<readonly [], 'f32'> | Parameter
  ) => readonly [params: P, state: OptimizerState<P>]
}

/** Zeros in place of every value of a tree. */
export const zerosLikeValues = <Values>(tree: Values): Values =>
  // Values became values of the same shapes and type.
  mapLeaves(tree, isHostValue, (leaf) => floats(leaf.shape, new Float32Array(leaf.data.length))) as Values

/** The state before the first step, with these slots of zeros. */
export const initialState =
  (slots: readonly string[]) =>
  <Values>(params: Values): OptimizerState<Values, HostValue<'f32'>> => ({
    step: scalar(0),
    slots: Object.fromEntries(slots.map((slot) => [slot, zerosLikeValues(params)]))
  })

/** A slot of the state. Throws `RangeError` where the state is another optimizer's. */
export const slotOf = <P>(optimizer: string, { slots }: OptimizerState<P>, name: string): P => {
  const slot = slots[name]
  if (slot === undefined) throw new RangeError(`${optimizer}: state: expected a slot "${name}", found ${Object.keys(slots).join(', ') || 'none'}`)
  return slot
}

/** Weight decay and factor of the learning rate for a path: those of the first group that matches, else the optimizer's. */
export const settingsOf = (groups: readonly ParameterGroup[], weightDecay: number, path: string): { readonly weightDecay: number; readonly learningRate: number } => {
  const group = groups.find(({ matches }) => matches(path))
  return { weightDecay: group?.weightDecay ?? weightDecay, learningRate: group?.learningRate ?? 1 }
}
