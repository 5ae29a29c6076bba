import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { minutes, openPage } from '../browser.js'
import type { Site } from '../browser.js'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe-core finds wrong: rule and element. */
const violations = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(axe)
  const { violations: found } = await page.evaluate(
    // `axe` is what its script defines.
    () => (globalThis as unknown as { readonly axe: { readonly run: (context: Document, options: RunOptions) => Promise<AxeResults> } }).axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  )
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`))
}

/** The page is accessible: by axe-core, and by keyboard. */
export const accessibility = (site: () => Site): void => {
  it.each(['light', 'dark'] as const)(
    'by axe-core in its %s colours: before, while training, with a problem, on a phone',
    async (colorScheme) => {
      const { page, step } = await openPage(site(), 'webasm')
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      expect(await violations(page)).toEqual([])
      await page.click('#start')
      await step(2)
      expect(await violations(page)).toEqual([])
      await page.setInputFiles('#run-files', import.meta.dirname)
      await page.waitForSelector('#problem:not([hidden])')
      expect(await violations(page)).toEqual([])
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await violations(page)).toEqual([])
      await page.close()
    },
    minutes(6)
  )

  it(
    'every control is reached by the Tab key, in the order of the page, and shows that it has the focus',
    async () => {
      const { page } = await openPage(site(), 'webasm')
      const reached: string[] = []
      for (let k = 0; k < 9; k++) {
        await page.keyboard.press('Tab')
        const [name, outline] = await page.evaluate(() => {
          const focused = document.activeElement ?? document.body
          // The fields for files lie under their labels, which show the focus.
          const seen = focused instanceof HTMLInputElement && focused.type === 'file' ? (focused.nextElementSibling ?? focused) : focused
          return [focused.id === '' ? `${focused.tagName.toLowerCase()}${focused.getAttribute('name') === null ? '' : ` ${focused.getAttribute('name') ?? ''}`}` : focused.id, getComputedStyle(seen).outlineStyle] as const
        })
        expect([name, outline]).toEqual([name, 'solid'])
        reached.push(name)
      }
      expect(reached).toEqual(['a', 'input norm', 'rate', 'start', 'compare', 'turn-steps', 'mode', 'summary', 'run-files'])
      await page.close()
    },
    minutes(2)
  )
}
