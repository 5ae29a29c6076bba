import type { Evaluation, TrainingEvent } from './data.js'

/** A line of a chart; null where there is no value. */
export type Series = { readonly label: string; readonly values: readonly (number | null)[] }

/** A chart over training steps, as the page's script draws it. */
export type Chart = {
  readonly id: string
  readonly title: string
  readonly note: string
  readonly steps: readonly number[]
  readonly series: readonly Series[]
  /** Whether the page offers a logarithmic y axis. */
  readonly logarithmic: boolean
  /** Fixed range of the y axis; otherwise that of the data. */
  readonly range?: readonly [number, number]
}

const mostPoints = 400

/** Six significant digits, null for what is not finite: for the page's data. */
const plain = (value: number): number | null => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null)

const mean = (values: readonly number[]): number | null => {
  const finite = values.filter(Number.isFinite)
  return finite.length === 0 ? null : plain(finite.reduce((sum, value) => sum + value, 0) / finite.length)
}

const totalOf = ({ losses }: TrainingEvent): number =>
  losses['total'] ?? Object.values(losses).reduce((sum, value) => sum + value, 0)

type Bucket = readonly TrainingEvent[]

/** Runs of consecutive events, at most 400 of them; each is drawn as one point, its mean, at its last step. */
const bucketsOf = (events: readonly TrainingEvent[]): { readonly buckets: readonly Bucket[]; readonly each: number } => {
  const each = Math.max(1, Math.ceil(events.length / mostPoints))
  const count = Math.ceil(events.length / each)
  return { each, buckets: Array.from({ length: count }, (_, index) => events.slice(index * each, (index + 1) * each)) }
}

const lastStep = (bucket: Bucket): number => bucket[bucket.length - 1]?.step ?? 0

/** Charts of the losses, of the learning rate and of the speed; none without events. */
export const trainingCharts = (events: readonly TrainingEvent[]): readonly Chart[] => {
  if (events.length === 0) return []
  const { buckets, each } = bucketsOf(events)
  const steps = buckets.map(lastStep)
  const names = [...new Set(events.flatMap(({ losses }) => Object.keys(losses)))].filter((name) => name !== 'total')
  const over = (label: string, value: (event: TrainingEvent) => number): Series => ({
    label,
    values: buckets.map((bucket) => mean(bucket.map(value)))
  })
  const note = each === 1 ? 'One point a step.' : `Each point is the mean of ${each} steps.`
  return [
    {
      id: 'losses',
      title: 'Losses',
      note,
      steps,
      logarithmic: true,
      series: [over('total', totalOf), ...names.map((name) => over(name, ({ losses }) => losses[name] ?? Number.NaN))]
    },
    {
      id: 'rate',
      title: 'Learning rate',
      note,
      steps,
      logarithmic: true,
      series: [over('learning rate', (event) => event.learningRate)]
    },
    {
      id: 'speed',
      title: 'Images per second',
      note,
      steps,
      logarithmic: false,
      series: [over('images/s', (event) => event.imagesPerSecond)]
    }
  ]
}

/** The chart of AP and AP50, of boxes and of masks; none without evaluations. */
export const precisionCharts = (evaluations: readonly Evaluation[]): readonly Chart[] => {
  if (evaluations.length === 0) return []
  const line = (label: string, kind: 'bbox' | 'segm', index: number): readonly Series[] =>
    evaluations.some((evaluation) => evaluation[kind] !== undefined)
      ? [{ label, values: evaluations.map((evaluation) => measured(evaluation[kind]?.[index])) }]
      : []
  return [
    {
      id: 'precision',
      title: 'Average precision on held-out images',
      note: 'One point an evaluation. AP is the mean over IoU thresholds 0.50 to 0.95.',
      steps: evaluations.map(({ step }) => step),
      logarithmic: false,
      range: [0, 1],
      series: [
        ...line('box AP', 'bbox', 0),
        ...line('mask AP', 'segm', 0),
        ...line('box AP50', 'bbox', 1),
        ...line('mask AP50', 'segm', 1)
      ]
    }
  ]
}

const measured = (value: number | undefined): number | null => (value === undefined || value < 0 ? null : plain(value))
