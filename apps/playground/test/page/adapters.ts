import { expect, it } from 'vitest'
import { flags, minutes, openPage } from '../browser.js'
import type { Site } from '../browser.js'

/** The page trains on an adapter; where that is lost, training goes on in WebAssembly from the step it had come to. */
export const adapters = (site: () => Site): void => {
  it.each([
    ['webgl2', 'WebGL 2', 'WebGL context is lost'],
    ['webgpu', 'WebGPU', 'WebGPU device is lost']
  ] as const)(
    'trains in mode %s; where the adapter is lost, training goes on in WebAssembly from the step it had come to',
    async (mode, title, message) => {
      const browser = mode === 'webgl2' ? site().browser : await site().launch(flags.webgpu)
      const { page, number, phase, step, lose } = await openPage({ ...site(), browser }, mode)
      expect(await page.textContent('#device')).toContain(title)
      await page.click('#start')
      await step(2)
      await page.click('#start')
      await phase('paused')
      const kept = await number('step')
      const loss = await number('loss')
      expect(loss).toBeGreaterThan(0)
      await lose()
      await page.click('#start')
      await phase('failed')
      expect(await page.textContent('#problem-text')).toContain(message)
      expect(await page.textContent('#status')).toContain(`is kept as it was at step ${kept}`)
      await page.click('#go-on')
      await step(kept + 2)
      expect(await page.textContent('#device')).toContain('WebAssembly')
      expect(await page.isHidden('#problem')).toBe(true)
      // The loss goes on where it was: these are the same parameters.
      expect(Math.abs((await number('loss')) - loss)).toBeLessThan(0.5 * loss)
      await page.close()
      if (mode !== 'webgl2') await browser.close()
    },
    minutes(12)
  )
}
