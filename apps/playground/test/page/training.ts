import { expect, it } from 'vitest'
import { minutes, openPage } from '../browser.js'
import type { Site } from '../browser.js'

/** The page trains, and compares trainings, in WebAssembly, which every machine has. */
export const training = (site: () => Site): void => {
  it(
    'trains by keyboard alone: the loss falls and boxes appear; then it pauses, and a phone shows it whole',
    async () => {
      const { page, complaints, phase, number, step } = await openPage(site(), 'webasm')
      expect(await page.textContent('#device')).toContain('WebAssembly')
      await page.focus('#rate')
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('start')
      await page.keyboard.press('Enter')
      await step(1)
      const first = await number('loss')
      // Boxes of the right class over the objects themselves: an untrained detector may show others.
      const found = (): boolean => Number(document.getElementById('score')?.textContent) >= 10 && document.querySelector('#scenes canvas[aria-label*="%"]') !== null
      await page.waitForFunction(found, undefined, { timeout: minutes(10), polling: 500 })
      expect(await number('loss')).toBeLessThan(first)
      expect(await page.locator('#plan li').count()).toBeGreaterThan(1)
      expect(await page.locator('#loss-chart polyline').count()).toBe(1)
      await page.click('#start')
      await phase('paused')
      const paused = await number('step')
      await page.waitForTimeout(500)
      expect(await number('step')).toBe(paused)
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
      await page.click('text=Frozen BatchNorm')
      expect(await page.textContent('#step')).toBe('0')
      // The curve of GroupNorm stays for comparison.
      expect(await page.textContent('#comparison')).toContain(`GroupNorm${paused}`)
      expect(complaints).toEqual([])
      await page.close()
    },
    minutes(16)
  )

  it(
    'compares the norms in turn, each in a row and a curve of its own',
    async () => {
      const { page, complaints } = await openPage(site(), 'webasm')
      await page.fill('#turn-steps', '4')
      await page.click('#compare')
      await page.waitForFunction(() => document.querySelectorAll('#loss-chart polyline').length === 3 && document.body.dataset['phase'] === 'paused', undefined, { timeout: minutes(4) })
      expect(await page.locator('#comparison tr').count()).toBe(3)
      expect(await page.textContent('#comparison')).not.toContain('not trained')
      expect(await page.getAttribute('#loss-chart', 'aria-label')).toMatch(/GroupNorm: .* at step \d.*None: .* at step \d.*Frozen BatchNorm: .* at step \d/)
      expect(complaints).toEqual([])
      await page.close()
    },
    minutes(6)
  )
}
