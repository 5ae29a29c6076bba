import { either as E } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import { chooseDevice } from '../src/device.js'

const chosen = async (name: string) => {
  const device = await chooseDevice(name)()
  if (E.isLeft(device)) throw new Error(device.left.message)
  return device.right
}

describe('--device', () => {
  test('auto takes the CPU device where gpu.js has no adapter of hardware, and says so', async () => {
    const { device, reason } = await chosen('auto')
    expect(device.name).toBe('cpu')
    expect(reason).toContain('no adapter of hardware')
  })

  test.each(['webasm', 'cpu'])('gpujs:%s runs in that mode, which is named', async (mode) => {
    const { device, reason } = await chosen(`gpujs:${mode}`)
    expect(device).toMatchObject({ name: 'gpujs', mode })
    expect(reason).toContain(`gpu.js in mode ${mode}`)
  })

  test.each(['gpujs', 'gpujs:auto'])('%s is the best mode that computes right, with why the others were not taken', async (name) => {
    const { device, reason } = await chosen(name)
    expect(device).toMatchObject({ name: 'gpujs', mode: 'webasm' })
    expect(reason).toMatch(/gpu\.js in mode webasm on WebAssembly.*not webgpu: there is no navigator\.gpu/)
  })

  test.each(['webgpu', 'webgl2'])('gpujs:%s is an error where it is not there, and no other mode runs instead', async (mode) => {
    const device = await chooseDevice(`gpujs:${mode}`)()
    expect(device).toMatchObject({ left: { message: expect.stringContaining(`gpu.js does not run in mode ${mode}`) as unknown } })
  })

  test.each(['gpu', 'gpujs:vulkan', 'gpujs:cpu:2', ''])('%j is refused with what there is', async (name) => {
    const device = await chooseDevice(name)()
    expect(device).toMatchObject({ left: { message: expect.stringContaining('gpujs with one of auto, webgpu, webgl2, headlessgl, webasm, cpu') as unknown } })
  })
})
