import cliProgress from 'cli-progress'
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

const kept = 200

const lossText = (losses: Readonly<Record<string, number>>): string => {
  const total = Object.values(losses).reduce((a, b) => a + b, 0)
  return `loss ${total.toFixed(3)} (${Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`).join(', ')})`
}

/**
 * Tells a run's progress: a bar with losses, learning rate, images/s and remaining time where there is a terminal, else a line now and
 * then (every step of the first ten, then every `lines`th).
 */
export const progress = ({ write, interactive }: Terminal, lines = 20): Consumer => {
  let times: readonly number[] = []
  let steps = 0
  let told: readonly string[] | undefined
  let bar: cliProgress.SingleBar | undefined
  const line = (text: string): void => {
    bar?.stop()
    bar = undefined
    write(`${text}\n`)
  }
  return (event) => {
    switch (event.type) {
      case 'started':
        steps = event.steps
        return line(
          [
            `Device ${event.device}: ${event.reason}.`,
            `${event.parameters.toLocaleString('en')} parameters, ${event.trainImages} training images, ${event.validationImages} validation images.`,
            event.step === 0 ? `${steps} steps from random initialization; the first compiles the program.` : `Resuming after step ${event.step} of ${steps}.`
          ].join('\n')
        )
      case 'compiled': {
        // Programs for further sizes of batches say nothing new.
        const known = told
        told = event.notes
        if (known !== undefined && event.notes.every((note) => known.includes(note))) return
        return line([`Compiled in ${(event.milliseconds / 1000).toFixed(1)} s by ${event.engine}.`, ...event.notes.map((note) => `  ${note}`)].join('\n'))
      }
      case 'step': {
        times = [...times, event.milliseconds].slice(-kept)
        const waits = event.dataMilliseconds / event.milliseconds
        const left = clock(remainingTime(times, steps - event.step))
        const text = `${lossText(event.losses)}, lr ${event.learningRate.toPrecision(3)}, ${event.imagesPerSecond.toFixed(1)} images/s, data ${(waits * 100).toFixed(0)} %, ${left} left`
        if (!interactive) {
          if (event.step <= 10 || event.step % lines === 0 || event.step === steps) write(`step ${event.step}/${steps}: ${text}\n`)
          return
        }
        if (bar === undefined) {
          bar = new cliProgress.SingleBar({ format: '{bar} {value}/{total} {text}', hideCursor: true, linewrap: false, barsize: 20 }, cliProgress.Presets.shades_classic)
          bar.start(steps, event.step, { text })
        } else bar.update(event.step, { text })
        return
      }
      case 'evaluating':
        return line(`Evaluating on ${event.images} images.`)
      case 'evaluated':
        return line(`${apText(event.table)}\n(step ${event.step}, ${event.seconds.toFixed(0)} s)`)
      case 'checkpointed':
        return
      case 'stopped':
        return line(`Stopped after step ${event.step} of ${steps}.`)
      case 'finished':
        return line(`Finished ${event.step} steps in ${clock(event.seconds * 1000)}: ${event.seen.images.toLocaleString('en')} images, ${event.seen.instances.toLocaleString('en')} instances, ${event.seen.pixels.toLocaleString('en')} pixels seen.`)
      case 'failed':
        return line('')
    }
  }
}
