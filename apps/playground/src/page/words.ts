import type { NormName } from '../detector/detector.js'
import type { Phase } from '../protocol.js'

/** The name of a normalization as the page shows it. */
export const normTitle = (norm: NormName): string => ({ groupNorm: 'GroupNorm', none: 'No normalization', frozenBatchNorm: 'Frozen BatchNorm' })[norm]

/** What a normalization means for training from random numbers (He, Girshick and Dollár 2018, §3.1 and §3.2). */
export const normMeaning = (norm: NormName): string =>
  ({
    groupNorm: 'Statistics of each image’s own channels: works for small batches, so a detector can learn from random numbers.',
    none: 'Activations grow or vanish from layer to layer: higher learning rates end in a loss that is no number.',
    frozenBatchNorm: 'The usual habit after pre-training: fixed statistics. Without a pre-training they describe nothing, and the detector learns to say nothing.'
  })[norm]

/** What is going on, in a sentence. */
export const phaseSentence = (phase: Phase): string =>
  ({
    opening: 'Looking for a device …',
    idle: 'Ready.',
    compiling: 'Compiling the first step; this can take a while on a graphics adapter …',
    training: 'Training.',
    paused: 'Paused.',
    diverged: 'The loss is no number any more: training has diverged. Choose a lower learning rate or GroupNorm, then Reset.',
    failed: 'Stopped by an error, see above. Reset opens a new device.'
  })[phase]

/** How far compiling has come. */
export const compilingSentence = (kernels: number): string => `Compiling the first step: ${kernels} kernels so far …`

const modeNames: Readonly<Record<string, string>> = { webgpu: 'WebGPU', webgl2: 'WebGL 2', headlessgl: 'OpenGL', webasm: 'WebAssembly', cpu: 'generated JavaScript' }

/** Which mode of gpu.js runs, on what. */
export const deviceSentence = ({ mode, adapter, software }: { readonly mode: string; readonly adapter: string; readonly software: boolean }): string => {
  const name = modeNames[mode] ?? mode
  return `gpu.js runs in mode ${name}${adapter === name ? '' : ` on ${adapter}`}${software ? ', on the processor' : ', on the graphics adapter'}.`
}
