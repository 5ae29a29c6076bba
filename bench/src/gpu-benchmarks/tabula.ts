import { either as E } from 'fp-ts'
import { valueAndGrad, vjp } from '@tabula/autodiff'
import { groupNormalize, logSoftmax } from '@tabula/nn'
import { abs, add, constant, conv2d, div, exp, floats, integers, iterate, matmul, mean, mul, neg, relu, reshape, roiAlign, showError, slice, sqrt, sub, sum } from '@tabula/tensor'
import type { Device, HostValue, Shape, Tensor } from '@tabula/tensor'
import { sumOfMagnitudes } from '../benchmarks/contestant.js'
import { timed } from './contestant.js'
import type { GpuContestant } from './contestant.js'
import { argumentsOf, countOf, epsilon, stepSettings, trainedNames } from './tasks.js'
import type { NetworkSizes, Task } from './tasks.js'

type Real = Tensor<Shape, 'f32'>
type Named = Readonly<Record<string, Real>>

/** What an iteration holds: the arguments, the momenta of a training step, and the last results. */
interface State {
  readonly args: Readonly<Record<string, HostValue<'f32'>>>
  readonly momenta: Readonly<Record<string, HostValue<'f32'>>>
  readonly results: readonly HostValue<'f32'>[]
}

interface Expressions {
  readonly args: Named
  readonly momenta: Named
  readonly results: readonly Real[]
}

const right = <A>(result: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(result)) throw new Error(showError(result.left))
  return result.right
}

const of = (args: Named, name: string): Real => {
  const found = args[name]
  if (found === undefined) throw new ReferenceError(`no argument ${name}`)
  return found
}

const pick = (args: Named, names: readonly string[]): Named => Object.fromEntries(names.map((name) => [name, of(args, name)]))

/** f's value, and the derivatives by its parameters for a derivative g by the value. */
const withGradients = (f: (parameters: Named) => Real, args: Named, names: readonly string[]): readonly Real[] => {
  const { value, pullback } = vjp(f)(pick(args, names))
  const gradients = pullback(of(args, 'g'))
  return [value, ...names.map((name) => of(gradients, name))]
}

/** Eleven operations on each element. */
const chain = (x: Real, y: Real): Real => {
  const t: Real = mul(x, x)
  const u: Real = add(mul(exp(neg(t)), y), 0.5)
  const root: Real = sqrt(add(relu<Shape>(u), t))
  const one: Real = add(abs(x), 1)
  return div(root, one)
}

const loss =
  ({ widths, groups }: NetworkSizes, images: Real, labels: Real) =>
  (parameters: Named): Real => {
    const features = widths.reduce<Real>((x, _, k) => {
      const convolved: Real = conv2d(of(parameters, `w${k}`), { stride: 2, padding: 1 })(x)
      return relu<Shape>(groupNormalize(convolved, { groups, eps: epsilon }, of(parameters, `gamma${k}`), of(parameters, `beta${k}`)))
    }, images)
    const pooled: Real = mean({ axes: [2, 3] })(features)
    const logits: Real = matmul(pooled, of(parameters, 'fc'))
    const each: Real = mul(logSoftmax({ axis: 1 })<Shape>(logits), labels)
    return div(neg(sum()(each)), labels.shape[0] ?? 1)
  }

const trained = (task: NetworkSizes, { args, momenta }: Expressions): Expressions => {
  const names = trainedNames(task)
  const { learningRate, momentum, weightDecay } = stepSettings
  const f = loss(task, of(args, 'images'), of(args, 'labels'))
  const { value, gradient } = valueAndGrad((parameters: Named): Tensor<readonly [], 'f32'> => reshape([])(f(parameters)))(pick(args, names))
  const velocities = names.map((name): readonly [string, Real] => {
    const decayed: Real = add(of(gradient, name), mul(of(args, name), weightDecay))
    return [name, add(mul(of(momenta, name), momentum), decayed)]
  })
  const updated = velocities.map(([name, velocity]): readonly [string, Real] => [name, sub(of(args, name), mul(velocity, learningRate))])
  return { args: { ...args, ...Object.fromEntries(updated) }, momenta: Object.fromEntries(velocities), results: [reshape([1])(value)] }
}

const computed = (task: Exclude<Task, { readonly kind: 'step' }>, args: Named): readonly Real[] => {
  switch (task.kind) {
    case 'matmul':
      return [matmul(of(args, 'a'), of(args, 'b'))]
    case 'convolution':
      return [conv2d(of(args, 'w'), task)(of(args, 'x'))]
    case 'convolution-gradients':
      return withGradients((p): Real => conv2d(of(p, 'w'), task)(of(p, 'x')), args, ['x', 'w'])
    case 'group-norm':
      return withGradients((p) => groupNormalize(of(p, 'x'), { groups: task.groups, eps: epsilon }, of(p, 'gamma'), of(p, 'beta')), args, ['x', 'gamma', 'beta'])
    case 'chain':
      return [chain(of(args, 'x'), of(args, 'y'))]
    case 'roi-align': {
      const boxes = of(args, 'boxes')
      const first = constant(integers([task.regions], new Array<number>(task.regions).fill(0)))
      const options = { outputSize: [task.size, task.size], samplingRatio: 2, scales: [task.scale], aligned: false } as const
      return withGradients((p) => roiAlign(options)([of(p, 'x')], { boxes, image: first, level: first }), args, ['x'])
    }
  }
}

/** One number to which every result contributes: it is there when all of them are. */
const probe = (results: readonly Real[]): Real =>
  results.map((x): Real => slice({ axis: 0, limit: 1 })(reshape([-1])(x))).reduce((a, b): Real => add(a, b))

const resultShapes = (task: Task): readonly (readonly number[])[] => {
  const args = argumentsOf(task)
  const shape = (name: string): readonly number[] => args[name]?.shape ?? []
  switch (task.kind) {
    case 'matmul':
      return [[task.rows, task.columns]]
    case 'convolution':
      return [argumentsOf({ ...task, kind: 'convolution-gradients' })['g']?.shape ?? []]
    case 'convolution-gradients':
      return [shape('g'), shape('x'), shape('w')]
    case 'group-norm':
      return [shape('g'), shape('x'), shape('gamma'), shape('beta')]
    case 'chain':
      return [shape('x')]
    case 'roi-align':
      return [shape('g'), shape('x')]
    case 'step':
      return [[1]]
  }
}

const zeros = (shape: readonly number[]): HostValue<'f32'> => floats(shape, new Float32Array(countOf(shape)))

/**
 * Tabula on one of its devices. Arguments, parameters and results are the state of an iteration, which the device holds; a run reads
 * back one number, to which every result contributes.
 */
export const tabula = (device: Device): GpuContestant => ({
  name: `tabula ${device.name}`,
  prepare: async (_name, task) => {
    const args = Object.fromEntries(Object.entries(argumentsOf(task)).map(([name, { shape, data }]) => [name, floats(shape, data)]))
    const names = task.kind === 'step' ? trainedNames(task) : []
    const initial: State = {
      args,
      momenta: Object.fromEntries(names.map((name) => [name, zeros(args[name]?.shape ?? [])])),
      results: resultShapes(task).map(zeros)
    }
    const step = (before: Expressions): readonly [Expressions, Real] => {
      const after = task.kind === 'step' ? trained(task, before) : { ...before, results: computed(task, before.args) }
      return [after, probe([...after.results, ...names.map((name) => of(after.args, name))])]
    }
    const iteration = right(await iterate(device)<State, readonly [], Real>(step, initial)())
    const advance = async (): Promise<void> => {
      right(await iteration.advance([])())
    }
    const firstMs = await timed(advance)
    const { args: left, results } = right(await iteration.state())
    const all = [...results, ...names.flatMap((name) => left[name] ?? [])].map(({ data }) => Float32Array.from(data))
    const [report] = iteration.reports().values()
    return {
      results: all,
      digest: all.map(sumOfMagnitudes),
      firstMs,
      ...(report === undefined ? {} : { kernels: report.kernels }),
      run: () => timed(advance)
    }
  },
  close: () => undefined
})
