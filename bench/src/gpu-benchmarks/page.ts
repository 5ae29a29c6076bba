/** The page in which the modes of browsers are measured, beside rivals on the same adapter. */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import '@tensorflow/tfjs-backend-webgl'
import '@tensorflow/tfjs-backend-webgpu'
import { messageOf } from '@tabula/tensor'
import type { GpuContestant } from './contestant.js'
import { measureMode } from './modes.js'
import type { Finding, Request } from './modes.js'
import { jax } from './rivals/jax.js'
import { tfjs } from './rivals/tfjs.js'

declare global {
  /** Measures what the driver asks for. */
  var benchmark: (request: Request) => Promise<void>
  /** The driver's ear, put here by it. */
  var report: (finding: Finding) => Promise<void>
}

const absent = async (name: string, start: () => Promise<GpuContestant | undefined>): Promise<readonly GpuContestant[]> => {
  try {
    const found = await start()
    if (found !== undefined) return [found]
    await globalThis.report({ _tag: 'note', message: `${name} does not start here` })
  } catch (thrown) {
    await globalThis.report({ _tag: 'note', message: `${name} does not start here: ${messageOf(thrown)}` })
  }
  return []
}

globalThis.benchmark = async (request) => {
  // On WebGL jax-js takes seconds for what the others do in milliseconds, and says itself that it is no aim of its.
  const rivals =
    request.mode === 'webgpu'
      ? [...(await absent('tfjs-webgpu', () => tfjs('webgpu', true))), ...(await absent('jax-js webgpu', () => jax('webgpu')))]
      : await absent('tfjs-webgl', () => tfjs('webgl', true))
  await measureMode(request, rivals, globalThis.report)
}
