import { either as E } from 'fp-ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import type { GpujsMode } from '../../src/device/gpujs/index.js'
import { showError } from '../../src/errors.js'

afterEach(() => void vi.unstubAllGlobals())

const refusal = async (mode: GpujsMode) => {
  const opened = await gpujsDevice({ mode })()
  if (E.isRight(opened)) throw new Error(`gpu.js runs in mode ${mode}`)
  return opened.left
}

describe('what gpu.js cannot run is an error value that says which mode, why, and what to do', () => {
  test('where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const error = await refusal('webasm')
    expect(error).toMatchObject({ _tag: 'DeviceMissing', device: 'gpujs', remedy: 'Choose another mode, or the CPU device.' })
    expect(showError(error)).toContain('gpu.js does not run in mode webasm: ')
  })

  test('where WebAssembly refuses what is compiled', async () => {
    class Module {
      constructor() {
        throw new Error('disallowed by the embedder')
      }
    }
    vi.stubGlobal('WebAssembly', { Module, Instance: Module, Memory: Module, Table: Module, validate: () => false })
    const error = await refusal('webasm')
    expect(error._tag).toBe('DeviceMissing')
    expect(showError(error)).toContain('gpu.js does not run in mode webasm: ')
  })

  test('where the mode does not exist', async () => {
    // As from JavaScript, or from a configuration.
    const error = await refusal('webgl9' as GpujsMode)
    expect(error).toMatchObject({ _tag: 'DeviceMissing', device: 'gpujs' })
    expect(showError(error)).toContain('webgl9')
  })

  test('and the mode cpu still runs without WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    expect(E.isRight(await gpujsDevice({ mode: 'cpu' })())).toBe(true)
  })
})
