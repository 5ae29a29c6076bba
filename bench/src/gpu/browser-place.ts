import { fileURLToPath } from 'node:url'
import { bundle } from '../browser/bundle.js'
import { chromiumRemedy, findChromium, launchChromium } from '../browser/chromium.js'
import { serve } from '../browser/serve.js'
import type { Found } from './place.js'
import type { Finding, Task } from './task.js'

const html = '<!doctype html><meta charset="utf-8"><title>gpu.js</title><script type="module" src="/page.js"></script>'

/** Pages of a headless Chromium that draws on the processor, one after the other; or why there is none. */
export const browserPlace = async (): Promise<Found> => {
  const path = findChromium()
  if (path === undefined) return { reason: 'no Chromium', remedy: chromiumRemedy }
  const code = await bundle({ file: fileURLToPath(new URL('page.ts', import.meta.url)) })
  const server = await serve(
    new Map([
      ['/', { type: 'text/html', body: html }],
      ['/page.js', { type: 'text/javascript', body: code }]
    ])
  )
  const browser = await launchChromium(path).catch((thrown: unknown) => String(thrown))
  if (typeof browser === 'string') {
    server.close()
    return { reason: `${path} does not start: ${browser.split('\n')[0] ?? ''}`, remedy: chromiumRemedy }
  }
  return {
    place: {
      work: async (task, tell, milliseconds) => {
        const context = await browser.newContext()
        const page = await context.newPage()
        let timer: NodeJS.Timeout | undefined
        try {
          await page.exposeFunction('tell', (finding: Finding) => tell(finding))
          await page.goto(server.url, { timeout: 60_000 })
          await page.waitForFunction(() => 'work' in globalThis, undefined, { timeout: 60_000 })
          // A page that hangs in the adapter's driver answers nothing, so the time is kept here.
          const failed = new Promise<never>((_, reject) => {
            timer = setTimeout(() => reject(new Error(`not done within ${milliseconds / 1000} s`)), milliseconds)
            page.once('crash', () => reject(new Error('the page crashed')))
            page.once('pageerror', reject)
          })
          await Promise.race([page.evaluate((given: Task) => globalThis.work(given), task), failed])
        } finally {
          clearTimeout(timer)
          await context.close()
        }
      },
      close: async () => {
        server.close()
        await browser.close()
      }
    }
  }
}
