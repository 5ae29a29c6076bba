import { expect, it } from 'vitest'
import { minutes, openPage } from '../browser.js'
import type { Site } from '../browser.js'

/** The page says what does not run, and what to do. */
export const failures = (site: () => Site): void => {
  it(
    'says so where a mode does not run, and trains in another',
    async () => {
      const { page, step } = await openPage(site(), 'webgpu', { failing: true })
      expect(await page.textContent('#problem-text')).toMatch(/gpu\.js does not run in mode webgpu: .+/)
      expect(await page.isDisabled('#start')).toBe(true)
      await page.click('#go-on')
      await page.waitForFunction(() => document.body.dataset['phase'] === 'idle', undefined, { timeout: minutes(1) })
      await page.click('#start')
      await step(1)
      await page.close()
    },
    minutes(4)
  )

  it(
    'says so where the worker cannot be loaded',
    async () => {
      const page = await site().browser.newPage()
      await page.route('**/worker-*.js', (route) => route.abort())
      await page.goto(site().url)
      await page.waitForSelector('#problem:not([hidden])')
      expect(await page.textContent('#problem-text')).toContain('The worker stopped')
      expect(await page.isDisabled('#start')).toBe(true)
      await page.close()
    },
    minutes(1)
  )
}
