import { either as E } from 'fp-ts'
import { GPU } from 'gpu.js'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { arrayEngine } from '../../src/device/gpujs/engine/arrays.js'
import type { Engine } from '../../src/device/gpujs/engine/engine.js'
import type { Tally } from '../../src/device/gpujs/engine/tally.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import type { GpujsOptions } from '../../src/device/gpujs/index.js'

const adapter = { name: '', software: false, wrong: false }

// An adapter as WebGL would have it, whose work is done by WebAssembly.
vi.mock('../../src/device/gpujs/engine/webgl.js', () => ({
  webglEngine: (mode: 'headlessgl', tally: Tally): Engine => {
    const engine = arrayEngine('webasm', tally)
    return {
      ...engine,
      mode,
      adapter: adapter.name,
      software: adapter.software,
      read: async (value) => (await engine.read(value)).map((x) => (adapter.wrong && x === 4096 ? 0 : x))
    }
  }
}))

afterEach(() => void vi.restoreAllMocks())

const opened = async (options: GpujsOptions, here: typeof adapter) => {
  Object.assign(adapter, here)
  vi.spyOn(GPU, 'isHeadlessGLSupported', 'get').mockReturnValue(true)
  return gpujsDevice(options)()
}

const hardware = { name: 'NVIDIA GeForce', software: false, wrong: false }
const program = { name: 'llvmpipe (LLVM 15)', software: true, wrong: false }

describe('auto', () => {
  test('takes an adapter of hardware that computes right', async () => {
    expect(await opened({}, hardware)).toMatchObject({ right: { mode: 'headlessgl', adapter: 'NVIDIA GeForce' } })
  })

  test('never takes an adapter that is a program, and says why', async () => {
    const device = await opened({}, program)
    expect(device).toMatchObject({ right: { mode: 'webasm', rejected: expect.arrayContaining([{ mode: 'headlessgl', reason: 'a program draws its work on the processor (llvmpipe (LLVM 15))' }]) as unknown } })
  })

  test('takes nothing where neither programs nor the processor will do', async () => {
    const device = await opened({ processor: false }, program)
    expect(E.isLeft(device) ? device.left : undefined).toMatchObject({ _tag: 'DeviceMissing', message: expect.stringContaining('headlessgl: a program draws its work on the processor') as unknown })
  })

  test('takes a program where that is allowed', async () => {
    expect(await opened({ softwareAdapters: true }, program)).toMatchObject({ right: { mode: 'headlessgl', software: true } })
  })

  test('does not take an adapter that computes wrong, whose first mistake it names', async () => {
    const device = await opened({}, { ...hardware, wrong: true })
    expect(device).toMatchObject({ right: { mode: 'webasm', rejected: expect.arrayContaining([{ mode: 'headlessgl', reason: expect.stringMatching(/computes wrong numbers \(.*instead of 4096/) as unknown }]) as unknown } })
  })
})
