import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import type { GpujsMode } from '../../src/device/gpujs/index.js'
import { showError } from '../../src/errors.js'
import { sizedDifference, sizedPrograms } from '../../src/testing/index.js'
import type { SizedName } from '../../src/testing/index.js'

// Object.keys of a record with known keys are these; the compiler only knows strings. What takes long is in device.test.ts and `npm run test:gpu`.
const names = (Object.keys(sizedPrograms) as readonly SizedName[]).filter((name) => name !== 'many-elements')

const deviceIn = async (mode: GpujsMode) => {
  const opened = await gpujsDevice({ mode })()
  if (E.isLeft(opened)) throw new Error(showError(opened.left))
  return opened.right
}

describe('programs at sizes, and with numbers, that are seldom drawn', () => {
  const webasm = deviceIn('webasm')
  test.each(names)('%s, in mode webasm', async (name) => {
    expect(await sizedDifference(await webasm, name)()).toBeUndefined()
  }, 60_000)

  const cpu = deviceIn('cpu')
  test.each(names)('%s, in mode cpu', async (name) => {
    expect(await sizedDifference(await cpu, name)()).toBeUndefined()
  }, 60_000)
})
