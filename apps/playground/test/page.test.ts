import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../server/serve.mjs'
import { runFiles } from './run-folder.js'

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const absent = !existsSync(executable)
if (absent) process.stdout.write(`SKIPPED: the playground is not tested in a browser: there is no ${executable}. Install Debian's package chromium, or name another in CHROMIUM.\n`)

const flags = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const minutes = (count: number): number => count * 60_000

describe.skipIf(absent)('the page in Chromium', () => {
  let folder = ''
  let server: Awaited<ReturnType<typeof serve>>
  let browser: Browser

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'playground-'))
    await build({ configFile: join(import.meta.dirname, '..', 'vite.config.mjs'), logLevel: 'error', build: { outDir: join(folder, 'page') } })
    server = await serve(join(folder, 'page'), 0)
    browser = await chromium.launch({ executablePath: executable, args: flags })
  }, minutes(4))

  afterAll(async () => {
    await browser.close()
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A page in mode `webasm`, which every machine has, and what it must not do: complain, or ask other servers. */
  const opened = async (): Promise<{ readonly page: Page; readonly complaints: string[] }> => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.on('request', (request) => request.url().startsWith(server.url) || request.url().startsWith('blob:') || complaints.push(`asked ${request.url()}`))
    await page.goto(`${server.url}?mode=webasm`)
    await page.waitForFunction(() => document.body.dataset['phase'] === 'idle', undefined, { timeout: minutes(2) })
    return { page, complaints }
  }
  const number = async (page: Page, id: string): Promise<number> => Number(await page.textContent(`#${id}`))

  it(
    'trains by keyboard alone: the loss falls and boxes appear; then it pauses, and a phone shows it whole',
    async () => {
      const { page, complaints } = await opened()
      expect(await page.textContent('#device')).toContain('WebAssembly')
      await page.focus('#rate')
      await page.keyboard.press('Tab')
      expect(await page.evaluate(() => document.activeElement?.id)).toBe('start')
      await page.keyboard.press('Enter')
      await page.waitForFunction(() => Number(document.getElementById('step')?.textContent) >= 1, undefined, { timeout: minutes(4) })
      const first = await number(page, 'loss')
      // Boxes of the right class over the objects themselves: an untrained detector may show others.
      const found = (): boolean => Number.parseInt(document.getElementById('score')?.textContent ?? '', 10) >= 1
      await page.waitForFunction(found, undefined, { timeout: minutes(10), polling: 500 })
      expect(await page.locator('#scenes canvas[aria-label*="%"]').count()).toBeGreaterThan(0)
      expect(await number(page, 'loss')).toBeLessThan(first)
      expect(await page.locator('#plan li').count()).toBeGreaterThan(1)
      expect(await page.locator('#loss-chart polyline').count()).toBe(1)
      await page.click('#start')
      await page.waitForFunction(() => document.body.dataset['phase'] === 'paused', undefined, { timeout: minutes(1) })
      const paused = await number(page, 'step')
      await page.waitForTimeout(500)
      expect(await number(page, 'step')).toBe(paused)
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
      await page.click('text=Frozen BatchNorm')
      expect(await page.textContent('#step')).toBe('0')
      expect(complaints).toEqual([])
      await page.close()
    },
    minutes(16)
  )

  it(
    'loads a run and looks at a photograph; other files are refused with what is missing',
    async () => {
      const { page, complaints } = await opened()
      const run = join(folder, 'my-run')
      const { config, checkpoint } = runFiles()
      await mkdir(run)
      await writeFile(join(run, 'config.json'), config)
      await page.setInputFiles('#run-files', run)
      await page.waitForSelector('#problem:not([hidden])')
      expect(await page.textContent('#problem')).toContain('without checkpoint.safetensors')
      await writeFile(join(run, 'checkpoint.safetensors'), checkpoint)
      await page.setInputFiles('#run-files', run)
      await page.waitForFunction(() => document.getElementById('run')?.textContent?.startsWith('Loaded'), undefined, { timeout: minutes(1) })
      expect(await page.textContent('#run')).toContain('Loaded my-run: 7 steps, finds cat, dog.')
      const photograph = join(folder, 'photograph.png')
      await writeFile(photograph, await page.screenshot({ clip: { x: 0, y: 0, width: 200, height: 150 } }))
      await page.setInputFiles('#photographs', photograph)
      await page.waitForSelector('#photograph-list figure', { timeout: minutes(4) })
      expect(await page.textContent('#photograph-list figcaption')).toMatch(/^photograph\.png: /)
      await writeFile(join(folder, 'broken.png'), 'no picture')
      await page.setInputFiles('#photographs', join(folder, 'broken.png'))
      await page.waitForSelector('#problem:not([hidden])')
      expect(await page.textContent('#problem')).toContain('broken.png: expected a photograph')
      expect(complaints).toEqual([])
      await page.close()
    },
    minutes(8)
  )

  it(
    'says so where the worker cannot be loaded',
    async () => {
      const page = await browser.newPage()
      await page.route('**/worker-*.js', (route) => route.abort())
      await page.goto(server.url)
      await page.waitForSelector('#problem:not([hidden])')
      expect(await page.textContent('#problem')).toContain('The worker stopped')
      expect(await page.isDisabled('#start')).toBe(true)
      await page.close()
    },
    minutes(1)
  )
})
