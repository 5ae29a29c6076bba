import { bind, placeholder, TreeError } from '@tabula/tensor'
import type { Tensor } from '@tabula/tensor'
import { add, mul, number, reduceSum, zerosLike } from '../../expression.js'
import { pushForward } from '../../forward.js'
import { pullBack } from '../../reverse.js'
import { replacementsOf, substitute } from '../../substitute.js'
import { awayFromZero, numbersFor } from '../gradients/compare.js'
import { constants } from '../gradients/point.js'
import type { VectorFunction } from '../gradients/point.js'
import type { RandomNumbers } from '../random.js'
import type { Equation } from './equality.js'

/** A law of derivatives: equations between programs of the variables x. */
export type DerivativeLaw = (f: VectorFunction, x: readonly Tensor[], random: RandomNumbers) => readonly Equation[]

const randomLike = (like: readonly Tensor[], random: RandomNumbers): readonly Tensor[] =>
  constants(like, numbersFor(like, () => awayFromZero(random)))

/** J·v, zeros included. */
const pushed = (outputs: readonly Tensor[], x: readonly Tensor[], v: readonly Tensor[]): readonly Tensor[] => {
  const found = pushForward(outputs, x, v)
  return outputs.map((output, index) => found[index] ?? zerosLike(output))
}

/** Jᵀ·u, zeros included. */
const pulled = (outputs: readonly Tensor[], x: readonly Tensor[], u: readonly Tensor[]): readonly Tensor[] => {
  const found = pullBack(outputs, u, x)
  return x.map((variable, index) => found[index] ?? zerosLike(variable))
}

const scaled = (tensors: readonly Tensor[], by: number): readonly Tensor[] => tensors.map((tensor) => mul(tensor, number(by)))

const zipped = (a: readonly Tensor[], b: readonly Tensor[], f: (x: Tensor, y: Tensor) => Tensor): readonly Tensor[] =>
  a.flatMap((x, index) => b.slice(index, index + 1).map((y) => f(x, y)))

const inner = (a: readonly Tensor[], b: readonly Tensor[]): Tensor =>
  zipped(a, b, (x, y) =>
    reduceSum(
      mul(x, y),
      x.shape.map((_, axis) => axis),
      false
    )
  ).reduce(add, number(0))

const equations = (what: string, expected: readonly Tensor[], found: readonly Tensor[]): readonly Equation[] =>
  expected.flatMap((side, index) => found.slice(index, index + 1).map((other) => ({ of: `${what} ${index}`, expected: side, found: other })))

/** Jᵀ(a·u + b·w) = a·Jᵀu + b·Jᵀw */
export const vjpIsLinear: DerivativeLaw = (f, x, random) => {
  const outputs = f(x)
  const [u, w] = [randomLike(outputs, random), randomLike(outputs, random)]
  const [a, b] = [awayFromZero(random), awayFromZero(random)]
  return equations(
    'the cotangent of argument',
    zipped(scaled(pulled(outputs, x, u), a), scaled(pulled(outputs, x, w), b), add),
    pulled(outputs, x, zipped(scaled(u, a), scaled(w, b), add))
  )
}

/** J(a·v + b·w) = a·Jv + b·Jw */
export const jvpIsLinear: DerivativeLaw = (f, x, random) => {
  const outputs = f(x)
  const [v, w] = [randomLike(x, random), randomLike(x, random)]
  const [a, b] = [awayFromZero(random), awayFromZero(random)]
  return equations(
    'the tangent of result',
    zipped(scaled(pushed(outputs, x, v), a), scaled(pushed(outputs, x, w), b), add),
    pushed(outputs, x, zipped(scaled(v, a), scaled(w, b), add))
  )
}

/** ⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩ */
export const modesAgree: DerivativeLaw = (f, x, random) => {
  const outputs = f(x)
  const [u, v] = [randomLike(outputs, random), randomLike(x, random)]
  return [{ of: 'the product ⟨u, J·v⟩', expected: inner(u, pushed(outputs, x, v)), found: inner(pulled(outputs, x, u), v) }]
}

/** What the chain rule composes f with: a smooth function of every result, which also mixes them. */
const outer = (y: readonly Tensor[], weights: readonly Tensor[]): readonly Tensor[] => {
  const mixed = bind('tanh', {}, mul(inner(y, weights), number(0.25)))
  return zipped(y, weights, (tensor, weight) => mul(bind('sin', {}, tensor), add(weight, mixed)))
}

/** (g ∘ f)′ = g′(f) · f′, forward, and its transpose in reverse. */
export const chainRule: DerivativeLaw = (f, x, random) => {
  const outputs = f(x)
  const weights = randomLike(outputs, random)
  const [u, v] = [randomLike(outputs, random), randomLike(x, random)]
  const composed = outer(outputs, weights)
  const y = outputs.map((output, index) => placeholder(`y${index}`, output))
  const tangents = y.map((variable, index) => placeholder(`t${index}`, variable))
  const afterwards = outer(y, weights)
  const actual = replacementsOf([...y, ...tangents], [...outputs, ...pushed(outputs, x, v)])
  return [
    ...equations('the tangent of result', substitute(pushed(afterwards, y, tangents), actual), pushed(composed, x, v)),
    ...equations('the cotangent of argument', pulled(outputs, x, substitute(pulled(afterwards, y, u), actual)), pulled(composed, x, u))
  ]
}

/** (f·g)′ = f′·g + f·g′ for a number g(x), forward, and its transpose in reverse. */
export const productRule: DerivativeLaw = (f, x, random) => {
  const outputs = f(x)
  const g = inner(
    x.map((variable) => bind('cos', {}, variable)),
    randomLike(x, random)
  )
  const [u, v] = [randomLike(outputs, random), randomLike(x, random)]
  const products = outputs.map((output) => mul(output, g))
  const [moved = number(0)] = pushed([g], x, v)
  return [
    ...equations(
      'the tangent of result',
      zipped(
        pushed(outputs, x, v).map((tangent) => mul(tangent, g)),
        outputs.map((output) => mul(output, moved)),
        add
      ),
      pushed(products, x, v)
    ),
    ...equations(
      'the cotangent of argument',
      zipped(
        pulled(
          outputs,
          x,
          u.map((cotangent) => mul(cotangent, g))
        ),
        pulled([g], x, [inner(u, outputs)]),
        add
      ),
      pulled(products, x, u)
    )
  ]
}

/** Two functions that should be one: in value and in derivative, forward and in reverse. Throws `TreeError` where one has more results. */
export const sameFunction = (f: VectorFunction, g: VectorFunction, x: readonly Tensor[], random: RandomNumbers): readonly Equation[] => {
  const [one, other] = [f(x), g(x)]
  const u = randomLike(one, random)
  const v = randomLike(x, random)
  if (one.length !== other.length) throw new TreeError({ operation: 'checkLaws', operand: 'results', expected: `${one.length} tensors, as the other side`, found: String(other.length) })
  return [
    ...equations('result', one, other),
    ...equations('the tangent of result', pushed(one, x, v), pushed(other, x, v)),
    ...equations('the cotangent of argument', pulled(one, x, u), pulled(other, x, u))
  ]
}
