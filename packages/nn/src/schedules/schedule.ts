/** The learning rate of a step, counted from 0: a pure function. */
export type Schedule = (step: number) => number

/** The same rate at every step. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate

/** The base rate times γ for every milestone that has been reached (PyTorch's `MultiStepLR`). */
export const multiStep =
  ({ base, milestones, gamma = 0.1 }: { readonly base: number; readonly milestones: readonly number[]; readonly gamma?: number }): Schedule =>
  (step) =>
    base * gamma ** milestones.filter((milestone) => milestone <= step).length

/** From the base rate to `minimum` on half a cosine of `steps` steps (PyTorch's `CosineAnnealingLR`); `minimum` from there. */
export const cosine =
  ({ base, steps, minimum = 0 }: { readonly base: number; readonly steps: number; readonly minimum?: number }): Schedule =>
  (step) =>
    minimum + ((base - minimum) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2

/**
 * A schedule whose first `steps` rates are multiplied by factors that rise linearly from `factor` to 1 (PyTorch's `LinearLR`;
 * Detectron's warm-up: 500 steps from 1/3).
 */
export const warmUp =
  ({ steps, factor = 1 / 3 }: { readonly steps: number; readonly factor?: number }) =>
  (schedule: Schedule): Schedule =>
  (step) =>
    step >= steps ? schedule(step) : schedule(step) * (factor + ((1 - factor) * step) / steps)

/** Settings of the paper's schedules, in steps. */
export interface FixedTailOptions {
  /** The rate of the trunk. */
  readonly base: number
  /** All steps of the run. */
  readonly steps: number
  /** How many steps before the end the rate drops: 60,000 and 20,000 in the paper, whatever the length of the run. */
  readonly drops?: readonly number[]
  /** What a drop multiplies the rate by. */
  readonly gamma?: number
}

/**
 * "Rethinking ImageNet Pre-training" §4.1: drops at fixed distances from the end, so that only the phase at the first rate grows
 * with the run. Runs of all lengths share that trunk.
 */
export const fixedTail = ({ base, steps, drops = [60_000, 20_000], gamma = 0.1 }: FixedTailOptions): Schedule =>
  multiStep({ base, gamma, milestones: drops.map((before) => Math.max(0, steps - before)) })

/** A schedule of the paper, its parts in steps. */
export interface PaperSchedule {
  readonly rate: Schedule
  readonly steps: number
  /** Steps at the first rate: the trunk that longer runs share. */
  readonly trunk: number
}

/**
 * The paper's k× schedule: k · `unit` steps (1× is 90,000), drops 2/3 and 2/9 of a unit before the end, warm-up of 1/180 of a unit
 * from a third of the rate (§3, §4.1; Detectron). A smaller `unit` keeps the rule, not the numbers.
 */
export const paperSchedule = ({
  times,
  base = 0.02,
  unit = 90_000,
  gamma = 0.1,
  warmUpSteps = Math.round(unit / 180)
}: {
  readonly times: number
  readonly base?: number
  readonly unit?: number
  readonly gamma?: number
  readonly warmUpSteps?: number
}): PaperSchedule => {
  const steps = Math.round(times * unit)
  const drops = [Math.round((unit * 2) / 3), Math.round((unit * 2) / 9)]
  return {
    rate: warmUp({ steps: warmUpSteps })(fixedTail({ base, steps, drops, gamma })),
    steps,
    trunk: Math.max(0, steps - Math.round((unit * 2) / 3))
  }
}

/** The linear scaling rule (Goyal et al. 2017): the rate that belongs to a batch, from that of a reference batch. */
export const scaledRate = ({ base, referenceBatch = 16, batch }: { readonly base: number; readonly referenceBatch?: number; readonly batch: number }): number =>
  (base * batch) / referenceBatch
