import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { valueAndGradWithAux } from '@tabula/autodiff'
import { totalLoss } from '@tabula/detection'
import type { MaskRcnn, Trees } from '@tabula/detection'
import type { Optimizer } from '@tabula/nn'
import { abs, cast, compile, isTensor, leavesOf, lessEqual, min } from '@tabula/tensor'
import type { CompileError, Device, DeviceError, Shape, Tensor, TensorsOf } from '@tabula/tensor'
import { notFinite } from './checkpoint.js'
import type { TrainingState } from './checkpoint.js'
import { layerOf, layerOutputs } from './layer-outputs.js'
import type { StepInputs } from './step-inputs.js'

/** Where the numbers of a step stop being finite first. */
export type Origin =
  | { readonly where: 'weight' | 'output' | 'gradient' | 'update'; readonly layer: string }
  | { readonly where: 'image'; /** Index in the batch. */ readonly image: number }
  /** Everything that layers compute is finite; the loss is not. */
  | { readonly where: 'loss' }
  | { readonly where: 'nowhere' }

const firstBadImage = ({ shape, data }: StepInputs['batch']['images']): number => {
  const size = data.length / Math.max(1, shape[0] ?? 1)
  const bad = data.findIndex((x: number) => !Number.isFinite(x))
  return bad < 0 ? -1 : Math.floor(bad / size)
}

/** 1 where all numbers are finite, else 0. Comparisons are false for NaN, so the reduction never sees one. */
const allFinite = (x: Tensor<Shape, 'f32'>): Tensor<Shape, 'f32'> => min()(cast('f32')(lessEqual(abs(x), largest)) as Tensor<Shape, 'f32'>)

const largest = 3.4028234663852886e38

/** A tensor whose type was checked where it was listed. */
const finiteFlag = (x: Tensor): Tensor<Shape, 'f32'> => allFinite(x as Tensor<Shape, 'f32'>)

type Flag = { readonly where: 'output' | 'gradient' | 'update'; readonly layer: string; readonly flag: Tensor<Shape, 'f32'> }

/** Flags of the loss, and of all layers' outputs in the order of the forward pass, then of gradients, then of updates in the order of the backward pass. */
const flagsOf = (model: Pick<MaskRcnn, 'train'>, optimizer: Optimizer) => ({ params, state, optimizer: memory }: TensorsOf<TrainingState>, { batch, learningRate }: TensorsOf<StepInputs>) => {
  const { value, auxiliary, gradient } = valueAndGradWithAux((p: Trees) => {
    const [losses] = model.train(p, state, batch)
    return [totalLoss(losses), losses] as const
  })(params)
  const [nextParams, nextMemory] = optimizer.update(gradient, memory, params, learningRate)
  const outputs = layerOutputs(Object.values(auxiliary), params).map(({ layer, output }): Flag => ({ where: 'output', layer, flag: finiteFlag(output) }))
  const forward = [...new Set(outputs.map(({ layer }) => layer))]
  const backward = (where: 'gradient' | 'update', tree: unknown): readonly Flag[] =>
    leavesOf(tree, isTensor)
      .filter(({ leaf }) => leaf.dtype === 'f32')
      .map(({ path, leaf }): Flag => ({ where, layer: layerOf(path.replace(/^slots\.[^.]+\./, '')), flag: finiteFlag(leaf) }))
      .sort((a, b) => forward.indexOf(b.layer) - forward.indexOf(a.layer))
  return { loss: allFinite(value), flags: [...outputs, ...backward('gradient', gradient), ...backward('update', nextMemory.slots), ...backward('update', nextParams)] }
}

/**
 * Runs a step again, from the state and the inputs it had, and answers where its numbers first are not finite: an image, a weight, the
 * output of a layer in the order of the forward pass, else a gradient or an update in the order of the backward pass.
 */
export const diagnose = (
  device: Device,
  model: Pick<MaskRcnn, 'train'>,
  optimizer: Optimizer,
  state: TrainingState,
  inputs: StepInputs
): TE.TaskEither<CompileError | DeviceError, Origin> => {
  const [weight] = [...notFinite(state.params), ...notFinite(state.state)]
  if (weight !== undefined) return TE.right({ where: 'weight', layer: layerOf(weight) })
  const image = firstBadImage(inputs.batch.images)
  if (image >= 0) return TE.right({ where: 'image', image })
  let listed: readonly Flag[] = []
  const program = ({ state: s, inputs: i }: { readonly state: TensorsOf<TrainingState>; readonly inputs: TensorsOf<StepInputs> }) => {
    const { loss, flags } = flagsOf(model, optimizer)(s, i)
    listed = flags
    return { loss, flags: listed.map(({ flag }) => flag) }
  }
  return pipe(
    compile(device)(program, { state, inputs }),
    TE.chainW(({ run }) => run({ state, inputs })),
    TE.map(({ loss, flags }): Origin => {
      const bad = (where: Flag['where'] | undefined) => listed.find((one, index) => (where === undefined || one.where === where) && flags[index]?.data[0] !== 1)
      const output = bad('output')
      if (output !== undefined) return { where: 'output', layer: output.layer }
      if (loss.data[0] !== 1) return { where: 'loss' }
      const later = bad(undefined)
      return later === undefined ? { where: 'nowhere' } : { where: later.where, layer: later.layer }
    })
  )
}
