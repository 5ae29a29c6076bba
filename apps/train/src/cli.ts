import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { messageOf } from '@tabula/tensor'
import { evaluateFiles, evaluationJson, evaluationText, fileStatistics, statisticsText } from './commands/coco-commands.js'
import { apText, evaluateRun } from './commands/evaluate-command.js'
import { predictFiles } from './commands/predict-command.js'
import { drawShapes, prepareShapes, shapesText } from './commands/start-command.js'
import { freeFolder } from './commands/run-folder.js'
import { quoted } from './commands/quoted.js'
import { runTraining } from './commands/train-command.js'
import type { Ending, TrainRequest } from './commands/train-command.js'
import { loadConfig } from './config/index.js'
import type { Terminal } from './consumers/index.js'
import type { Failure } from './failure.js'

/** What the command line reads and writes. */
export interface Surroundings {
  readonly argv: readonly string[]
  readonly stdout: Terminal
  readonly stderr: (text: string) => void
  /** Called when a training begins; aborts the signal to stop it with a checkpoint. */
  readonly listen: () => AbortSignal
}

const integerFrom = (least: number) => (text: string): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`expected an integer of at least ${least}.`)
  return value
}
const share = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('expected a number from 0 to 1.')
  return value
}
const integersFrom = (least: number) => (text: string): readonly number[] => {
  const numbers = text.split(',').filter((part) => part.trim() !== '').map((part) => integerFrom(least)(part.trim()))
  if (numbers.length === 0) throw new InvalidArgumentError(`expected integers of at least ${least}, with commas between them.`)
  return numbers
}

const device = (): Option => new Option('--device <name>', 'auto, reference, cpu, or gpujs[:auto|webgpu|webgl2|headlessgl|webasm|cpu]').default('auto')

interface TrainOptions {
  readonly data?: string
  readonly out?: string
  readonly device: string
  readonly resume?: string
  readonly until?: number
  readonly seed?: number
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Runs the command line. Answers the exit code: 0 done, 1 failed, 2 input to be corrected. */
export const program = async ({ argv, stdout, stderr, listen }: Surroundings): Promise<number> => {
  let exitCode = 0
  const line = (text: string): void => stdout.write(`${text}\n`)
  const finish = async <A>(task: TE.TaskEither<Failure, A>, show: (value: A) => void): Promise<void> => {
    const result = await task()
    if (E.isRight(result)) return show(result.right)
    stderr(`${result.left.message}\n`)
    exitCode = result.left.exitCode
  }
  let listening: AbortSignal | undefined
  const watched = (): AbortSignal => (listening = listen())
  const ended = (ending: Ending): void => {
    // Stopped as asked for by --until is done.
    if (ending.type === 'stopped' && listening?.aborted === true) exitCode = 130
  }
  const trainRequest = (config: string | undefined, options: TrainOptions): TrainRequest => ({
    config,
    data: options.data,
    out: options.out,
    device: options.device,
    resume: options.resume,
    until: options.until,
    seed: options.seed,
    dryRun: options.dryRun === true,
    json: options.json === true,
    resumeCommand: (run) => ['npx --no -- tabula train --resume', quoted(run), ...(options.device === 'auto' ? [] : ['--device', options.device])].join(' ')
  })

  /** Options that must be given. Commander's own check of them would come before that for misspelled ones. */
  const mandatory = new Set<Option>()
  const needed = (flags: string, description: string): Option => {
    const option = new Option(flags, description)
    mandatory.add(option)
    return option
  }

  const root = new Command('tabula')
    .description('Trains object detectors from random initialization.')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({ writeOut: stdout.write, writeErr: stderr })
    .showHelpAfterError('(add --help for what can be given)')
    .hook('preAction', (_, command) => {
      const missing = command.options.filter((option) => mandatory.has(option) && command.getOptionValue(option.attributeName()) === undefined)
      if (missing.length > 0) command.error(`error: expected ${missing.map(({ flags }) => flags).join(' and ')}, found none`)
    })

  root
    .command('train')
    .description('train a detector as a configuration file says')
    .argument('[config]', 'JSON file, or one of configs/{shapes,nuclei,overfit-real,coco-real}.json')
    .option('--data <dir>', 'folder of annotations and images')
    .option('--out <dir>', 'folder for the run; runs/NAME where not given')
    .addOption(device())
    .option('--resume <dir>', 'go on with the run in this folder')
    .option('--until <step>', 'stop with a checkpoint after this step', integerFrom(1))
    .option('--seed <n>', "in place of the configuration's", integerFrom(0))
    .option('--dry-run', 'try everything on a few images, write nothing')
    .option('--json', 'events as lines of JSON')
    .action((config: string | undefined, options: TrainOptions) => finish(runTraining(trainRequest(config, options), { terminal: stdout, listen: watched }), ended))

  root
    .command('evaluate')
    .description("COCO's 12 numbers of a run, for boxes and for masks")
    .argument('<run>', 'folder of a training run')
    .option('--data <dir>', 'folder of annotations and images; that of the training where not given')
    .option('--split <name>', 'train, val, or another name: annotations/instances_NAME.json and NAME/', 'val')
    .option('--annotations <file>', 'annotation file, with --images')
    .option('--images <dir>', 'folder of its images')
    .option('--image-ids <ids>', 'only these images: 1,2,3', integersFrom(0))
    .option('--max-dets <n>', 'detections of an image and category that count', integerFrom(1))
    .addOption(device())
    .option('--json', 'plain JSON alone on standard output')
    .action((run: string, options: { data?: string; split: string; annotations?: string; images?: string; imageIds?: readonly number[]; maxDets?: number; device: string; json?: boolean }) =>
      finish(
        evaluateRun(
          { run, data: options.data, split: options.split, annotations: options.annotations, images: options.images, imageIds: options.imageIds, maxDets: options.maxDets, device: options.device },
          (done, all) => (stdout.interactive && options.json !== true ? stderr(`\r${done} of ${all} images${done === all ? '\n' : ''}`) : undefined)
        ),
        (table) => line(options.json === true ? JSON.stringify(table) : apText(table))
      )
    )

  root
    .command('predict')
    .description('draw what a run finds in images, and write it as COCO results')
    .argument('<run>', 'folder of a training run')
    .argument('<image...>', 'image files')
    .addOption(needed('--out <dir>', 'folder for the pictures and results.json'))
    .option('--threshold <score>', 'least score that is kept', share, 0.5)
    .addOption(device())
    .action((run: string, files: readonly string[], options: { out: string; threshold: number; device: string }) =>
      finish(predictFiles({ run, files, ...options }), (predictions) => {
        predictions.forEach(({ file, picture, results }) => line(`${file}: ${results.length} objects, drawn in ${picture}`))
        line(`All of them as COCO results: ${options.out}/results.json`)
      })
    )

  root
    .command('shapes')
    .description('draw the embedded data set in COCO format')
    .argument('<dir>', 'folder for it')
    .addOption(needed('--images <n>', 'number of images').argParser(integerFrom(1)))
    .addOption(needed('--seed <s>', 'decides what is drawn').argParser(integerFrom(0)))
    .option('--split <name>', 'name of the split', 'train')
    .option('--size <pixels>', 'side of the square images', integerFrom(1), 128)
    .option('--json', 'plain JSON alone on standard output')
    .action((directory: string, { json, ...options }: { images: number; seed: number; split: string; size: number; json?: boolean }) =>
      finish(drawShapes({ directory, ...options }), (summary) => line(json === true ? JSON.stringify(summary) : shapesText(summary)))
    )

  root
    .command('start')
    .description('draw the embedded data set, train on it from random initialization, evaluate, and write a report')
    .option('--out <dir>', 'folder for the run; runs/start where not given')
    .option('--data <dir>', 'folder for the data set', 'runs/shapes')
    .option('--images <n>', 'training images', integerFrom(1), 1500)
    .option('--validation-images <n>', 'held-out images', integerFrom(1), 200)
    .option('--data-seed <s>', 'decides the training images', integerFrom(0), 1)
    .option('--validation-seed <s>', 'decides the held-out images', integerFrom(0), 2)
    .option('--config <file>', 'configuration', 'configs/shapes.json')
    .option('--seed <n>', "in place of the configuration's", integerFrom(0))
    .addOption(device())
    .action(async (options: TrainOptions & { data: string; images: number; validationImages: number; dataSeed: number; validationSeed: number; config: string }) => {
      const splits = [
        { directory: options.data, split: 'train', images: options.images, seed: options.dataSeed },
        { directory: options.data, split: 'val', images: options.validationImages, seed: options.validationSeed }
      ]
      const started = pipe(
        // What can be refused is refused before minutes of drawing.
        loadConfig(options.config),
        TE.flatMap(() => freeFolder(options.out, 'start')),
        TE.tap(() => prepareShapes(splits, stdout)),
        TE.flatMap((out) => runTraining({ ...trainRequest(options.config, options), out }, { terminal: stdout, listen: watched }))
      )
      return finish(started, ended)
    })

  const coco = root.command('coco').description('COCO files')
  coco
    .command('eval')
    .description("COCO's evaluation of a results file")
    .addOption(needed('--annotations <file>', 'annotation file'))
    .addOption(needed('--results <file>', 'results file'))
    .addOption(needed('--type <type>', 'boxes or masks').choices(['bbox', 'segm']))
    .option('--max-dets <ns>', 'detection limits: 1,10,100', integersFrom(1))
    .option('--json', 'plain JSON alone on standard output')
    .action((options: { annotations: string; results: string; type: 'bbox' | 'segm'; maxDets?: readonly number[]; json?: boolean }) =>
      finish(evaluateFiles(options.annotations, options.results, options.type, options.maxDets), (file) => line(options.json === true ? JSON.stringify(evaluationJson(file)) : evaluationText(file)))
    )
  coco
    .command('stats')
    .description('counts by category, instances an image, box sizes, overlaps')
    .addOption(needed('--annotations <file>', 'annotation file'))
    .option('--json', 'plain JSON alone on standard output')
    .action((options: { annotations: string; json?: boolean }) => finish(fileStatistics(options.annotations), (found) => line(options.json === true ? JSON.stringify(found) : statisticsText(found))))

  const asked = argv[0] === 'help' ? argv[1] : undefined
  if (asked !== undefined && !asked.startsWith('-') && !root.commands.some((command) => command.name() === asked)) {
    stderr(`error: unknown command '${asked}'\n(the commands are ${root.commands.map((command) => command.name()).join(', ')})\n`)
    return 2
  }
  try {
    await root.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2
    if (thrown instanceof RangeError && /array length|allocation failed/i.test(thrown.message)) {
      stderr(`tabula: out of memory: expected numbers that fit into memory, found more (${thrown.message}). Choose a smaller network, smaller images or a smaller batch.\n`)
      return 1
    }
    stderr(`tabula: a defect of this program: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : messageOf(thrown)}\n`)
    return 1
  }
}
