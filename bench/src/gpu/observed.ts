import { either as E } from 'fp-ts'
import type { Device, PlanReport } from '@tabula/tensor'

/** What an observed device compiled. */
export interface Observation {
  readonly kernels: number
  /** Programs of which nothing ran on the host. */
  readonly onDevice: number
  /** Programs of which some primitive ran on the host, by the device's own report. */
  readonly hosted: number
}

const nothing: Observation = { kernels: 0, onDevice: 0, hosted: 0 }

const added = (seen: Observation, { kernels, notes }: PlanReport): Observation => {
  const hosted = notes.some((note) => /\bruns? on the host\b/.test(note)) ? 1 : 0
  return { kernels: seen.kernels + kernels, onDevice: seen.onDevice + 1 - hosted, hosted: seen.hosted + hosted }
}

/** The same device, and what its programs have reported since `take` was last called. */
export const observed = (device: Device): { readonly device: Device; readonly take: () => Observation } => {
  let seen = nothing
  return {
    device: {
      ...device,
      compile: (graph, options) => async () => {
        const compiled = await device.compile(graph, options)()
        if (E.isRight(compiled)) seen = added(seen, compiled.right.report)
        return compiled
      }
    },
    take: () => {
      const taken = seen
      seen = nothing
      return taken
    }
  }
}
