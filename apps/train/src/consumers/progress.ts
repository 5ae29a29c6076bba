import cliProgress from 'cli-progress'
import type { Config } from '../config/index.js'
import { apText } from '../evaluate/index.js'
import type { TrainingEvent } from '../trainer/index.js'

/** Something that hears of every event of a run, in order. */
export type Consumer = (event: TrainingEvent) => void | Promise<void>

/** Where text goes, and whether a person watches it change. */
export interface Terminal {
  readonly write: (text: string) => void
  readonly interactive: boolean
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** A time as h:mm:ss or m:ss. */
export const clock = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  const two = (x: number): string => String(x).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** Milliseconds until the last step: the median of the latest steps' times, times what remains. The first, which compiles, is left out. */
export const remainingTime = (latest: readonly number[], steps: number): number => median(latest.length > 1 ? latest.slice(1) : latest) * steps

/** Images of the evaluations that are to come after a step, the one at the end included. */
export const imagesToEvaluate = ({ optimization: { steps }, evaluation: { every, images } }: Pick<Config, 'optimization' | 'evaluation'>, validationImages: number, step: number): number => {
  const before = every === null ? 0 : Math.max(0, Math.floor((steps - 1) / every) - Math.floor(step / every))
  return before * Math.min(images ?? validationImages, validationImages) + validationImages
}

const kept = 200

const lossText = (losses: Readonly<Record<string, number>>): { readonly total: string; readonly each: string } => ({
  total: `loss ${Object.values(losses).reduce((a, b) => a + b, 0).toFixed(3)}`,
  each: Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`).join(', ')
})

/** What a bar shows beside its count: the parts for which the terminal is wide enough, the first ones first. */
interface Shown {
  readonly parts: readonly string[]
}

const isShown = (payload: unknown): payload is Shown => typeof payload === 'object' && payload !== null && 'parts' in payload

/** A bar and its parts in one line that is narrower than the terminal, so that it can be drawn over. */
export const barText = (share: number, parts: readonly string[], width: number): string => {
  const size = Math.max(6, Math.min(20, Math.floor(width / 6)))
  const full = Math.round(Math.min(1, Math.max(0, share)) * size)
  return parts.reduce((line, part, k) => {
    const longer = `${line}${k === 0 ? ' ' : ', '}${part}`
    return longer.length < width ? longer : line
  }, '█'.repeat(full) + '░'.repeat(size - full))
}

const startBar = (total: number, value: number, shown: Shown, clearOnComplete: boolean): cliProgress.SingleBar => {
  const bar = new cliProgress.SingleBar({
    format: (_, { progress: share, value: done, total: all, maxWidth }, payload: unknown) => barText(share, [`${done}/${all}`, ...(isShown(payload) ? payload.parts : [])], maxWidth),
    // Nothing of the terminal is changed, so nothing needs to be restored by a process that is killed.
    hideCursor: false,
    linewrap: true,
    gracefulExit: false,
    clearOnComplete
  })
  bar.start(total, value, shown)
  return bar
}

/**
 * Tells a run's progress: a bar with losses, learning rate, images/s and remaining time where there is a terminal, else a line now and
 * then (every step of the first ten, then every `lines`th). The remaining time includes the evaluations: an image takes as long in them
 * as in the last one, before the first as long as in training.
 */
export const progress = ({ write, interactive }: Terminal, lines = 20): Consumer => {
  let times: readonly number[] = []
  let run: Extract<TrainingEvent, { readonly type: 'started' }> | undefined
  let evaluated: { readonly milliseconds: number } | undefined
  let told: readonly string[] | undefined
  let compiling = 0
  let bar: { readonly of: 'steps' | 'images'; readonly bar: cliProgress.SingleBar } | undefined
  const line = (text: string): void => {
    bar?.bar.stop()
    bar = undefined
    write(`${text}\n`)
  }
  const show = (of: 'steps' | 'images', total: number, value: number, parts: readonly string[]): void => {
    if (bar?.of === of) bar.bar.update(value, { parts })
    else {
      bar?.bar.stop()
      bar = { of, bar: startBar(total, value, { parts }, of === 'images') }
    }
  }
  const left = (step: number): string => {
    if (run === undefined) return clock(0)
    const { config, steps, validationImages } = run
    const image = evaluated?.milliseconds ?? remainingTime(times, 1) / config.optimization.batch
    return clock(remainingTime(times, steps - step) + image * imagesToEvaluate(config, validationImages, step))
  }
  return (event) => {
    switch (event.type) {
      case 'started':
        run = event
        return line(
          [
            `Device ${event.device}: ${event.reason}.`,
            `${event.parameters.toLocaleString('en')} parameters, ${event.trainImages} training images, ${event.validationImages} validation images.`,
            event.step === 0 ? `${event.steps} steps from random initialization; the first compiles the program.` : `Resuming after step ${event.step} of ${event.steps}.`
          ].join('\n')
        )
      case 'compiled': {
        compiling += event.milliseconds
        // Programs for further sizes of batches say nothing new.
        const known = told
        told = event.notes
        if (known !== undefined && event.notes.every((note) => known.includes(note))) return
        return line([`Compiled in ${(event.milliseconds / 1000).toFixed(1)} s by ${event.engine}.`, ...event.notes.map((note) => `  ${note}`)].join('\n'))
      }
      case 'step': {
        // What is compiled in a step is compiled once.
        times = [...times, Math.max(0, event.milliseconds - compiling)].slice(-kept)
        compiling = 0
        const steps = run?.steps ?? event.step
        const { total, each } = lossText(event.losses)
        const rate = `lr ${event.learningRate.toPrecision(3)}`
        const speed = `${event.imagesPerSecond.toFixed(1)} images/s`
        const waits = `data ${((event.dataMilliseconds / event.milliseconds) * 100).toFixed(0)} %`
        const remaining = `${left(event.step)} left`
        if (interactive) return show('steps', steps, event.step, [remaining, total, rate, speed, each, waits])
        if (event.step <= 10 || event.step % lines === 0 || event.step === steps) write(`step ${event.step}/${steps}: ${total} (${each}), ${rate}, ${speed}, ${waits}, ${remaining}\n`)
        return
      }
      case 'evaluating':
        if (event.done === 0) return line(`Evaluating on ${event.images} images.`)
        return interactive ? show('images', event.images, event.done, ['images']) : undefined
      case 'evaluated':
        evaluated = { milliseconds: (event.seconds * 1000) / Math.max(1, event.table.images) }
        return line(`${apText(event.table)}\n(step ${event.step}, ${event.seconds.toFixed(0)} s)`)
      case 'checkpointed':
        return
      case 'stopped':
        return line(`Stopped after step ${event.step} of ${run?.steps ?? event.step}.`)
      case 'finished':
        return line(`Finished ${event.step} steps in ${clock(event.seconds * 1000)}: ${event.seen.images.toLocaleString('en')} images, ${event.seen.instances.toLocaleString('en')} instances, ${event.seen.pixels.toLocaleString('en')} pixels seen.`)
      case 'failed':
        return line('')
    }
  }
}
