import { join } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import type { Config } from '../config/index.js'
import { clock, readMetrics, readTimings } from '../consumers/index.js'
import type { ChosenDevice } from '../device.js'
import { detectorOn } from '../evaluate/index.js'
import { badInput, failed } from '../failure.js'
import type { Failure } from '../failure.js'
import { examplesOf } from '../predict/index.js'
import { writeReport } from '../report/index.js'
import { loadCheckpoint, restore } from '../trainer/index.js'
import type { Setup } from '../trainer/index.js'
import { foldIn, key, messageOf } from '@tabula/tensor'

/** Pictures in a report. */
const pictures = 12

const reading = <A>(read: () => Promise<A>): TE.TaskEither<Failure, A> => TE.tryCatch(read, (cause) => badInput(`${messageOf(cause)}.`))

/** Writes `report.html` of a finished run from its logs and its last checkpoint. Answers the file's path. */
export const reportRun = (run: string, config: Config, setup: Setup, device: ChosenDevice): TE.TaskEither<Failure, string> => {
  const detector = detectorOn(device.device, setup.model, setup.labels.categoryIdOf, config.evaluation.batch)
  const path = join(run, 'report.html')
  return pipe(
    loadCheckpoint(run),
    TE.bindTo('checkpoint'),
    TE.bind('weights', ({ checkpoint }) => TE.fromEither(restore(setup.model.init(foldIn(key(config.seed), 'init')), checkpoint, 'weights'))),
    TE.bind('examples', ({ weights }) => examplesOf(detector, weights, setup.validation, config, pictures)),
    TE.bind('logged', () => reading(() => readMetrics(run))),
    TE.bind('timings', () => reading(() => readTimings(run))),
    TE.flatMap(({ checkpoint, examples, logged, timings }) => {
      const speed = new Map(timings.map(({ step, imagesPerSecond }) => [step, imagesPerSecond]))
      const spent = timings.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
      return pipe(
        writeReport(path, {
          title: `Tabula: ${setup.train.instances.images.length} training images, ${checkpoint.progress.step} steps from random initialization`,
          config,
          events: logged.flatMap((metric) =>
            metric.type === 'step' ? [{ step: metric.step, losses: metric.losses, learningRate: metric.learningRate, imagesPerSecond: speed.get(metric.step) ?? 0 }] : []
          ),
          evaluations: logged.flatMap((metric) => (metric.type === 'evaluation' ? [{ step: metric.step, bbox: metric.table.bbox, segm: metric.table.segm, perCategory: metric.table.perCategory }] : [])),
          seen: checkpoint.progress.seen,
          examples,
          facts: {
            device: `${device.device.name} (${device.reason})`,
            seed: String(config.seed),
            'time of the steps': clock(spent),
            'training images': String(setup.train.instances.images.length),
            'validation images': String(setup.validation.instances.images.length)
          }
        }),
        TE.bimap(
          ({ found, action }) => failed(`${path} could not be written: ${found}; ${action}.`),
          () => path
        )
      )
    })
  )
}
