import { either as E } from 'fp-ts'
import { vjp } from '@tabula/autodiff'
import { groupNormalize } from '@tabula/nn'
import { compile, constant, conv2d, floats, integers, iterate, nms, roiAlign, showError, sizeOf } from '@tabula/tensor'
import type { Device, HostValue, Shape, Tensor } from '@tabula/tensor'
import { sumOfMagnitudes } from './contestant.js'
import type { Contestant } from './contestant.js'
import { noise } from './workloads.js'
import type { Workload } from './workloads.js'

type Floats = Tensor<Shape, 'f32'>

const filled = (shape: readonly number[], seed: number): HostValue<'f32'> => floats(shape, noise(sizeOf(shape), seed))

const right = <A>(result: E.Either<Parameters<typeof showError>[0], A>): A => {
  if (E.isLeft(result)) throw new Error(showError(result.left))
  return result.right
}

/** A program of values: its arguments and what it computes. */
interface Program {
  readonly args: Readonly<Record<string, HostValue>>
  readonly f: (args: Readonly<Record<string, Tensor>>) => readonly Tensor[]
}

const of = (args: Readonly<Record<string, Tensor>>, name: string): Floats => {
  const found = args[name]
  if (found === undefined) throw new Error(`no argument ${name}`)
  return found as Floats
}

/** f's value and its pullback of a cotangent g. */
const withGradients =
  (f: (parameters: Readonly<Record<string, Floats>>) => Floats, names: readonly string[]) =>
  (args: Readonly<Record<string, Tensor>>): readonly Tensor[] => {
    const { value, pullback } = vjp(f)(Object.fromEntries(names.map((name) => [name, of(args, name)])))
    return [value, ...Object.values(pullback(of(args, 'g')))]
  }

const outputShape = (task: Extract<Workload, { readonly w: unknown }>): readonly number[] => {
  const [n = 1, , h = 1, w = 1] = task.x
  const [o = 1, , kh = 1, kw = 1] = task.w
  const side = (size: number, kernel: number): number => Math.floor((size + 2 * task.padding - kernel) / task.stride) + 1
  return [n, o, side(h, kh), side(w, kw)]
}

const programOf = (task: Workload): Program => {
  switch (task.kind) {
    case 'conv-forward':
    case 'conv-gradients': {
      const { stride, padding } = task
      const f = (p: Readonly<Record<string, Floats>>): Floats => conv2d(of(p, 'w'), { stride, padding })(of(p, 'x'))
      const [x, w] = [filled(task.x, 1), filled(task.w, 2)]
      return task.kind === 'conv-forward'
        ? { args: { x }, f: (all) => [f({ x: of(all, 'x'), w: constant(w) })] }
        : { args: { x, w, g: filled(outputShape(task), 3) }, f: withGradients(f, ['x', 'w']) }
    }
    case 'group-norm': {
      const channels = [task.x[1] ?? 0]
      return {
        args: { x: filled(task.x, 1), w: filled(channels, 2), b: filled(channels, 3), g: filled(task.x, 4) },
        f: withGradients((p) => groupNormalize(of(p, 'x'), { groups: task.groups }, of(p, 'w'), of(p, 'b')), ['x', 'w', 'b'])
      }
    }
    case 'roi-align': {
      const count = task.rois.length / 5
      const boxes = floats([count, 4], task.rois.filter((_, k) => k % 5 !== 0))
      const zeros = integers([count], new Array<number>(count).fill(0))
      const options = { outputSize: [task.size, task.size], samplingRatio: 2, scales: [task.scale], aligned: false } as const
      return {
        args: { x: filled(task.x, 1), boxes, image: zeros, level: zeros, g: filled([count, task.x[1] ?? 0, task.size, task.size], 2) },
        f: (args) => {
          const rois = { boxes: of(args, 'boxes'), image: args['image'] as Tensor<Shape, 'i32'>, level: args['level'] as Tensor<Shape, 'i32'> }
          return withGradients((p) => roiAlign(options)([of(p, 'x')], rois), ['x'])(args)
        }
      }
    }
    case 'nms':
      return {
        args: { boxes: floats([1, task.scores.length, 4], task.boxes), scores: floats([1, task.scores.length], task.scores) },
        f: (args) => [nms({ iouThreshold: task.threshold })(of(args, 'boxes'), of(args, 'scores'))]
      }
  }
}

/**
 * Tabula on one of its devices. A run reads its arguments, of which the engine takes no copy, and leaves its results on the device,
 * where they are the state of an iteration. Weights of the forward convolutions are constants of the program, as in inference.
 */
export const tabula = (device: Device, version: string): Contestant<Workload> => ({
  name: `tabula ${version} ${device.name}`,
  prepare: async (_name, task) => {
    const { args, f } = programOf(task)
    const compiled = right(await compile(device)(f, args)())
    const results = right(await compiled.run(args)())
    const iteration = right(await iterate(device)<readonly HostValue[], Program['args'], readonly []>((_previous, inputs) => [f(inputs), []], results)())
    const once = async (): Promise<void> => {
      right(await iteration.advance(args)())
    }
    await once()
    const held = right(await iteration.state())
    return {
      digest: held.map(({ data }) => sumOfMagnitudes(data)),
      run: async () => {
        const started = performance.now()
        await once()
        return performance.now() - started
      }
    }
  },
  close: () => undefined
})
