import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page, Worker } from 'playwright-core'
import { build } from 'vite'
import { serve } from '../server/serve.mjs'

const executable = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

/** Whether there is no browser to test the page in. */
export const absent = !existsSync(executable)

/** Says, where there is no browser, that `what` is not tested and what to do. Loud: it stays in the log of a run that passes. */
export const warnIfAbsent = (what: string): void => {
  if (!absent) return
  const line = `SKIPPED: ${what}: there is no ${executable}. Install Debian's package chromium, or name another in CHROMIUM.`
  process.stderr.write(`\n${'='.repeat(line.length)}\n${line}\n${'='.repeat(line.length)}\n\n`)
}

/** Milliseconds of minutes. */
export const minutes = (count: number): number => count * 60_000

const common = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Flags that give Chromium software adapters: for WebGL 2 alone, or for WebGPU, too. */
export const flags = {
  webgl2: [...common, '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  webgpu: [...common, '--enable-unsafe-swiftshader', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']
}

/** The built page on a server, in a browser. */
export interface Site {
  readonly folder: string
  readonly url: string
  readonly browser: Browser
  /** Starts another browser, with other flags. */
  readonly launch: (args: readonly string[]) => Promise<Browser>
  readonly close: () => Promise<void>
}

/** Builds and serves the page and starts a browser. */
export const openSite = async (args: readonly string[]): Promise<Site> => {
  const folder = await mkdtemp(join(tmpdir(), 'playground-'))
  await build({ configFile: join(import.meta.dirname, '..', 'vite.config.mjs'), logLevel: 'error', build: { outDir: join(folder, 'page') } })
  const server = await serve(join(folder, 'page'), 0)
  const launch = (others: readonly string[]): Promise<Browser> => chromium.launch({ executablePath: executable, args: [...others] })
  const browser = await launch(args)
  return {
    folder,
    url: server.url,
    browser,
    launch,
    close: async () => {
      await browser.close()
      await server.close()
      await rm(folder, { recursive: true, force: true })
    }
  }
}

/** Remembers a worker's adapters, so that a test can take them away. */
const rememberAdapters = `
const losses = []
globalThis.lose = () => losses.forEach((lose) => lose())
const getContext = OffscreenCanvas.prototype.getContext
OffscreenCanvas.prototype.getContext = function (...args) {
  const context = getContext.apply(this, args)
  if (context !== null && 'isContextLost' in context) losses.push(() => context.getExtension('WEBGL_lose_context')?.loseContext())
  return context
}
if (globalThis.GPUAdapter !== undefined) {
  const requestDevice = GPUAdapter.prototype.requestDevice
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args)
    losses.push(() => device.destroy())
    return device
  }
}
`

/** The page in a mode, and what it must not do: complain in the console, or ask other servers. */
export interface Opened {
  readonly page: Page
  readonly complaints: string[]
  readonly phase: (...phases: readonly string[]) => Promise<unknown>
  readonly number: (id: string) => Promise<number>
  readonly step: (least: number) => Promise<unknown>
  /** Takes the adapter of the training away. */
  readonly lose: () => Promise<unknown>
}

/** Opens the page in a mode, with a device or, where `failing`, without one. */
export const openPage = async ({ browser, url }: Site, mode: string, { failing = false }: { readonly failing?: boolean } = {}): Promise<Opened> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' })
  const complaints: string[] = []
  const workers: Worker[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('request', (request) => request.url().startsWith(url) || request.url().startsWith('blob:') || complaints.push(`asked ${request.url()}`))
  page.on('worker', (worker) => workers.push(worker))
  await page.route('**/worker-*.js', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: `${rememberAdapters}${await response.text()}` })
  })
  const phase = (...phases: readonly string[]): Promise<unknown> => page.waitForFunction((all) => all.includes(document.body.dataset['phase'] ?? ''), phases, { timeout: minutes(4) })
  await page.goto(`${url}?mode=${mode}`)
  await phase(failing ? 'failed' : 'idle')
  return {
    page,
    complaints,
    phase,
    number: async (id) => Number(await page.textContent(`#${id}`)),
    step: (least) => page.waitForFunction((steps) => Number(document.getElementById('step')?.textContent) >= steps, least, { timeout: minutes(6), polling: 200 }),
    // `lose` is what `rememberAdapters` adds.
    lose: async () => workers[0]?.evaluate(() => (globalThis as unknown as { readonly lose: () => void }).lose())
  }
}
