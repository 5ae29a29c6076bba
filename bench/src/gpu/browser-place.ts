import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { bundle } from '../browser/bundle.js'
import { chromiumRemedy, findChromium, launchChromium } from '../browser/chromium.js'
import { serve } from '../browser/serve.js'
import type { Channel, Found } from './place.js'
import type { Finding, Task } from './task.js'

const html = '<!doctype html><meta charset="utf-8"><title>gpu.js</title><script type="module" src="/page.js"></script>'

interface Opened {
  readonly context: BrowserContext
  readonly page: Page
}

/** A page of its own with the checks' code. */
const openPage = async (browser: Browser, url: string, tell: (finding: Finding) => void): Promise<Opened> => {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.exposeFunction('tell', (finding: Finding) => tell(finding))
    await page.goto(url, { timeout: 60_000 })
    await page.waitForFunction(() => 'work' in globalThis, undefined, { timeout: 60_000 })
    return { context, page }
  } catch (thrown) {
    await context.close()
    throw thrown
  }
}

/** What the page answers, unless it crashes, throws, or is not done in time. */
const withinTime = async <A>(page: Page, work: Promise<A>, milliseconds: number): Promise<A> => {
  let timer: NodeJS.Timeout | undefined
  let fail: (reason: Error) => void = () => undefined
  // A page that hangs in the adapter's driver answers nothing, so the time is kept here.
  const failed = new Promise<never>((_, reject) => {
    fail = reject
    timer = setTimeout(() => reject(new Error(`not done within ${milliseconds / 1000} s`)), milliseconds)
  })
  const crash = (): void => fail(new Error('the page crashed'))
  page.once('crash', crash)
  page.once('pageerror', fail)
  try {
    return await Promise.race([work, failed])
  } finally {
    clearTimeout(timer)
    page.off('crash', crash)
    page.off('pageerror', fail)
  }
}

/** Bytes that the browser's pages and its adapter's process occupy; `undefined` where the system has no `/proc`. */
const memoryOf = async (browser: Browser): Promise<number | undefined> => {
  const session = await browser.newBrowserCDPSession()
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const sizes = await Promise.all(
      processInfo
        .filter(({ type }) => type === 'renderer' || type === 'GPU')
        .map(async ({ id }) => {
          const status = await readFile(`/proc/${id}/status`, 'utf8')
          return 1024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1] ?? NaN)
        })
    )
    return sizes.reduce((a, b) => a + b, 0)
  } catch {
    return undefined
  } finally {
    await session.detach()
  }
}

const channelTo = ({ context, page }: Opened, browser: Browser, milliseconds: number): Channel => ({
  ask: (text) => withinTime(page, page.evaluate((given: string) => globalThis.answer(given), text), milliseconds),
  memory: async () => {
    await page.requestGC()
    return memoryOf(browser)
  },
  close: () => context.close()
})

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
        const { context, page } = await openPage(browser, server.url, tell)
        try {
          await withinTime(page, page.evaluate((given: Task) => globalThis.work(given), task), milliseconds)
        } finally {
          await context.close()
        }
      },
      connect: async (milliseconds) => channelTo(await openPage(browser, server.url, () => undefined), browser, milliseconds),
      close: async () => {
        server.close()
        await browser.close()
      }
    }
  }
}
