import { messageOf } from '@tabula/tensor'
import type { Place } from './place.js'
import type { Finding, Mode } from './task.js'

/** Modes whose adapter a page can take away from itself; the package `gl` cannot lose a context. */
export const losable: readonly Mode[] = ['webgl2', 'webgpu']

/** Takes the adapter away from a device in a page of its own: what is wrong with the error that it answers; `undefined` where nothing is. */
export const lossIn = async (place: Place, mode: Mode, milliseconds = 60_000): Promise<string | undefined> => {
  const findings: Finding[] = []
  try {
    await place.work({ mode, primitives: [], runs: 0, seed: 0, milliseconds }, (finding) => void findings.push(finding), milliseconds)
  } catch (thrown) {
    return messageOf(thrown)
  }
  const lost = findings.find((finding) => finding._tag === 'lost')
  return lost === undefined ? 'the page told nothing' : lost.wrong
}
