import type { NormName } from '../detector/detector.js'
import type { CompileReport, DeviceReport, Phase } from '../protocol.js'

/** The name of a normalization as the page shows it. */
export const normTitle = (norm: NormName): string => ({ groupNorm: 'GroupNorm', none: 'None', frozenBatchNorm: 'Frozen BatchNorm' })[norm]

/** What a normalization means for training from random numbers (He, Girshick and Dollár 2018, §3.1 and §3.2). */
export const normMeaning = (norm: NormName): string =>
  ({
    groupNorm: 'Each image’s channels are normalized by their own statistics, whatever the batch: the paper’s way to train from random numbers.',
    none: 'Nothing keeps activations in range. What becomes of it depends on the learning rate: high ones diverge or fall silent, low ones crawl.',
    frozenBatchNorm: 'The habit after pre-training: statistics that stay as they are. Without a pre-training they describe nothing: training diverges, or the detector learns to say nothing.'
  })[norm]

/** What is going on, in a sentence. */
export const phaseSentence = (phase: Phase, norm: NormName, step: number): string => {
  switch (phase) {
    case 'opening':
      return 'Looking for a device …'
    case 'idle':
      return 'Ready.'
    case 'compiling':
      return 'Compiling the first step …'
    case 'training':
      return `Training, normalization ${normTitle(norm)}.`
    case 'paused':
      return `Paused at step ${step}.`
    case 'diverged':
      return 'Diverged: the loss has left all bounds. Lower the learning rate or choose GroupNorm, and start again.'
    case 'failed':
      return step === 0 ? 'Stopped by an error, see above.' : `Stopped by an error, see above. The training is kept as it was at step ${step}.`
  }
}

/** How far compiling has come. */
export const compilingSentence = ({ kernels, of, seconds }: CompileReport): string => `${kernels} of ${of} kernels compiled, ${seconds.toFixed(1)} s`

const modeNames: Readonly<Record<string, string>> = { webgpu: 'WebGPU', webgl2: 'WebGL 2', headlessgl: 'OpenGL', webasm: 'WebAssembly', cpu: 'generated JavaScript' }

/** The name of a mode of gpu.js as the page shows it. */
export const modeTitle = (mode: string): string => modeNames[mode] ?? mode

/** Which mode of gpu.js runs, on what. */
export const deviceSentence = ({ mode, adapter, software }: DeviceReport): string => {
  const name = modeTitle(mode)
  return `gpu.js runs in mode ${name}${adapter === name ? '' : ` on ${adapter}`}${software ? ', on the processor' : ', on the graphics adapter'}.`
}

/** At most this many classes of a run are named. */
const mostClasses = 12

/** Which run is loaded, and what its detector finds. */
export const runSentence = ({ name, step, classes }: { readonly name: string; readonly step: number; readonly classes: readonly string[] }): string => {
  const more = classes.length - mostClasses
  return `Loaded ${name}: ${step} ${step === 1 ? 'step' : 'steps'}, finds ${classes.slice(0, mostClasses).join(', ')}${more > 0 ? ` and ${more} more classes` : ''}.`
}
