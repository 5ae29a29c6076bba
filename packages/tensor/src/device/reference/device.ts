import { either as E } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { DeviceError } from '../../errors.js'
import type { Device } from '../device.js'
import type { EvaluateOptions } from './evaluate.js'
import { evaluate } from './evaluate.js'
import { interpretedDevice } from './interpreted.js'

const name = 'reference'

/**
 * The interpreter as a device: slow, sequential, and right. `f32` outputs are held in double precision unless
 * `precision: 'single'` is given.
 */
export const referenceDevice = (options: EvaluateOptions = {}): Device =>
  interpretedDevice(name, (graph) =>
    E.right({
      report: {
        device: name,
        engine: `interpreter in ${options.precision ?? 'double'} precision`,
        kernels: graph.nodes.length,
        segments: 1,
        compileMilliseconds: 0,
        peakBytes: undefined,
        notes: []
      },
      run: (inputs) =>
        pipe(
          evaluate(graph, inputs, options),
          E.mapLeft(({ message }): DeviceError => ({ _tag: 'ExecutionFailed', device: name, message }))
        ),
      release: () => undefined
    })
  )
