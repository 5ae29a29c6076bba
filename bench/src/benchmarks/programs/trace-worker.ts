/**
 * Tracing and differentiating, in a process of its own: `trace-worker step|chain N`, a request a line. `step` is the full training step
 * of Mask R-CNN, ResNet-50-FPN-GN, 800 × 1333; `chain` N elementwise operations in a row.
 */
import { createInterface } from 'node:readline'
import { valueAndGrad } from '@tabula/autodiff'
import { trainingStep, trainingValues } from '@tabula/detection'
import type { StepValues, TrainingState } from '@tabula/detection'
import { sgd } from '@tabula/nn'
import { cos, floats, key, messageOf, mul, scalar, sigmoid, sin, total, trace } from '@tabula/tensor'
import type { Graph, Shape, Tensor } from '@tabula/tensor'
import { targetsOf, transformed } from '../../parity/maskrcnn/model.js'
import { ownBatch } from '../step/batch.js'
import { stepModel, stepTransform } from '../step/model.js'

type Real = Tensor<Shape, 'f32'>

const fullStep = (): (() => Graph) => {
  const model = stepModel('full')
  const weights = model.init(key(0))
  const recording = ownBatch('full')
  const input = transformed(stepTransform('full'), recording)
  const items = targetsOf(input, recording)
  const batch = trainingValues(model.options, { images: input.batch, height: input.height, width: input.width, items }, 6, { _tag: 'first' })
  const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 })
  const state: TrainingState = { ...weights, optimizer: optimizer.init(weights.params) }
  const inputs: StepValues = { batch, learningRate: scalar(1e-4) }
  const step = trainingStep(model, optimizer)
  return () => trace<readonly [TrainingState, StepValues], unknown>(([before, values]) => step(before, values), [state, inputs]).graph
}

const operations: readonly ((x: Real) => Real)[] = [sin, sigmoid, (x) => mul(x, 0.5), cos]

const chain = (length: number): (() => Graph) => {
  const f = (x: Real): Real => {
    let y = x
    for (let index = 0; index < length; index++) y = operations[index % operations.length]?.(y) ?? y
    return total(y)
  }
  return () => trace((x: Real) => valueAndGrad(f)(x), floats([4], [0.1, 0.2, 0.3, 0.4])).graph
}

const say = (answer: object): boolean => process.stdout.write(`${JSON.stringify(answer)}\n`)
try {
  const [what, length] = process.argv.slice(2)
  const run = what === 'step' ? fullStep() : chain(Number(length))
  say({ ready: true })
  for await (const _request of createInterface({ input: process.stdin })) {
    globalThis.gc?.()
    const [held, started, used] = [process.memoryUsage().heapUsed, performance.now(), process.cpuUsage()]
    const graph = run()
    const [ms, cpu] = [performance.now() - started, process.cpuUsage(used)]
    globalThis.gc?.()
    const megabytes = (process.memoryUsage().heapUsed - held) / 1e6
    say({ ms, cpuMs: (cpu.user + cpu.system) / 1000, nodes: graph.nodes.length, megabytes, peakMegabytes: process.resourceUsage().maxRSS / 1024 })
  }
} catch (thrown) {
  say({ error: messageOf(thrown) })
}
