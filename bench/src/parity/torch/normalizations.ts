import { concatenate, slice } from '@tabula/tensor'
import { affineNormalize, batchNormalize, groupNormalize, layerNormalize, simulatedReplicas, synchronizedBatchNormalize, updateRunning } from '@tabula/nn'
import type { BatchNormalized } from '@tabula/nn'
import type { Arguments, Floats, Operations, Recorded } from './recorded.js'
import { norms } from './recorded.js'

const running = ({ floats }: Recorded) => ({ running_mean: floats('running_mean'), running_var: floats('running_var') })

const affine = ({ has, floats }: Recorded): readonly [Floats | undefined, Floats | undefined] => [has('weight') ? floats('weight') : undefined, has('bias') ? floats('bias') : undefined]

/** PyTorch's `momentum`: where it is null, all batches so far count alike. */
const momentumOf = ({ args, has, host }: Recorded): number => {
  if (args.isNull('momentum')) return 1 / (1 + (has('num_batches_tracked') ? Number(host('num_batches_tracked').data[0] ?? 0) : 0))
  return args.number('momentum', 0.1)
}

const newRunning = (recorded: Recorded, normalized: BatchNormalized) => {
  const next = updateRunning(running(recorded), normalized, momentumOf(recorded))
  return { new_running_mean: next.running_mean, new_running_var: next.running_var }
}

/** How many samples each replica holds. */
const sizesOf = (args: Arguments): readonly number[] =>
  args.has('split') ? args.list('split') : new Array<number>(args.number('replicas')).fill(args.number('per_replica'))

const shards = (x: Floats, sizes: readonly number[]): readonly Floats[] => {
  let start = 0
  return sizes.map((size) => {
    const shard: Floats = slice({ axis: 0, start, limit: start + size })(x)
    start += size
    return shard
  })
}

const joined = (parts: readonly BatchNormalized[]): Floats => concatenate({ axis: 0 })(parts.map(({ y }) => y))

/** Group `norm`. */
export const normalizations: Operations = {
  group_norm: norms((recorded) => groupNormalize(recorded.floats('x'), { groups: recorded.args.number('groups'), eps: recorded.args.number('eps', 1e-5) }, ...affine(recorded))),
  instance_norm: norms((recorded) => {
    const x = recorded.floats('x')
    return groupNormalize(x, { groups: x.shape[1] ?? 1, eps: recorded.args.number('eps', 1e-5) }, ...affine(recorded))
  }),
  layer_norm: norms((recorded) =>
    layerNormalize(recorded.floats('x'), { over: recorded.args.list('normalized_shape'), eps: recorded.args.number('eps', 1e-5) }, ...affine(recorded))
  ),
  batch_norm: norms((recorded) => {
    const { floats, args } = recorded
    const eps = args.number('eps', 1e-5)
    if (!args.truth('training')) {
      args.irrelevant('momentum')
      recorded.irrelevant('num_batches_tracked')
      const { running_mean: mean, running_var: variance } = running(recorded)
      return affineNormalize(floats('x'), { mean, variance }, { eps }, ...affine(recorded))
    }
    const normalized = batchNormalize(floats('x'), { eps }, ...affine(recorded))
    args.irrelevant('momentum')
    return { y: normalized.y, ...(recorded.has('running_mean') ? newRunning(recorded, normalized) : {}) }
  }),
  /** One replica's part: what it sums with the others is an `allReduce` of its own program. */
  sync_batch_norm: {
    ...norms((recorded) => {
      const { floats, args } = recorded
      const reduce = simulatedReplicas(sizesOf(args).length)
      const normalized = synchronizedBatchNormalize(floats('x'), { reduce, label: 'parity', eps: args.number('eps', 1e-5) }, ...affine(recorded))
      return { y: normalized.y, ...newRunning(recorded, normalized), batch_mean: normalized.mean, batch_var_biased: normalized.variance }
    }),
    replicas: { split: sizesOf, operand: 'x', output: 'y' }
  },
  batch_norm_per_replica: norms((recorded) => {
    const { floats, args } = recorded
    recorded.irrelevant('running_mean', 'running_var')
    return joined(shards(floats('x'), sizesOf(args)).map((shard) => batchNormalize(shard, { eps: args.number('eps', 1e-5) }, ...affine(recorded))))
  })
}
