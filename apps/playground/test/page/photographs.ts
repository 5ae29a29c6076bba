import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { minutes, openPage } from '../browser.js'
import type { Site } from '../browser.js'
import { runFiles } from '../run-folder.js'

/** The page loads runs and looks at photographs. */
export const photographs = (site: () => Site): void => {
  it(
    'loads a run and looks at a photograph; other files are refused with what is missing, and the run stays',
    async () => {
      const { page, complaints } = await openPage(site(), 'webasm')
      const problem = async (): Promise<string> => {
        await page.waitForSelector('#problem:not([hidden])', { timeout: minutes(1) })
        return (await page.textContent('#problem-text')) ?? ''
      }
      const run = join(site().folder, 'my-run')
      const { config, checkpoint } = runFiles()
      await mkdir(run)
      await writeFile(join(run, 'config.json'), config)
      await page.setInputFiles('#run-files', run)
      expect(await problem()).toContain('found no checkpoint.safetensors')
      await writeFile(join(run, 'checkpoint.safetensors'), checkpoint)
      await page.setInputFiles('#run-files', run)
      await page.waitForFunction(() => document.getElementById('run')?.textContent?.startsWith('Loaded'), undefined, { timeout: minutes(1) })
      expect(await page.textContent('#run')).toContain('Loaded my-run: 7 steps, finds cat, dog.')
      expect(await page.isHidden('#problem')).toBe(true)
      await writeFile(join(run, 'checkpoint.safetensors'), checkpoint.subarray(0, 1000))
      await page.setInputFiles('#run-files', run)
      expect(await problem()).toContain('my-run/checkpoint.safetensors')
      const photograph = join(site().folder, 'photograph.png')
      const text = join(site().folder, 'text.jpg')
      const cut = join(site().folder, 'cut.png')
      const png = await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 150 } })
      await writeFile(photograph, png)
      await writeFile(text, 'no picture')
      await writeFile(cut, png.subarray(0, 40))
      await page.setInputFiles('#photographs', [text, photograph, cut])
      await page.waitForSelector('#photograph-list figure', { timeout: minutes(4) })
      expect(await page.textContent('#photograph-list figcaption')).toMatch(/^photograph\.png: /)
      await page.waitForFunction(() => document.getElementById('problem-text')?.textContent?.includes('cut.png'), undefined, { timeout: minutes(1) })
      expect(await problem()).toContain('text.jpg: expected a photograph')
      expect(await problem()).toContain('cut.png: expected a PNG that this browser can decode')
      expect(complaints).toEqual([])
      await page.close()
    },
    minutes(8)
  )
}
