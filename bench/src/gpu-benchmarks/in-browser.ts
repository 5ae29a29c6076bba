import { fileURLToPath } from 'node:url'
import { bundle } from '../browser/bundle.js'
import { chromiumRemedy, findChromium, launchChromium } from '../browser/chromium.js'
import type { Adapter } from '../browser/chromium.js'
import { serve } from '../browser/serve.js'
import type { Finding, Request } from './modes.js'

/** The page's program; it serves all requests. TensorFlow.js's random numbers name a module of Node, and use the browser's instead. */
export const pageProgram = (): Promise<string> => bundle({ file: fileURLToPath(new URL('page.ts', import.meta.url)) }, { unused: ['crypto'], minify: false })

/** Measures in a page of its own for each request. Rejects where there is no browser. */
export const inBrowser = async (program: () => Promise<string>, request: Request, adapter: Adapter, tell: (finding: Finding) => Promise<void>): Promise<void> => {
  const path = findChromium()
  if (path === undefined) throw new Error(`mode ${request.mode} needs Chromium: ${chromiumRemedy}`)
  const code = await program()
  const server = await serve(
    new Map([
      ['/', { type: 'text/html', body: '<!doctype html><title>Benchmarks</title><script type="module" src="/page.js"></script>' }],
      ['/page.js', { type: 'text/javascript', body: code }]
    ])
  )
  const browser = await launchChromium(path, adapter)
  try {
    const page = await browser.newPage()
    page.on('pageerror', (error) => void tell({ _tag: 'failed', message: error.message }))
    await page.exposeFunction('report', tell)
    await page.goto(server.url)
    await page.waitForFunction('globalThis.benchmark !== undefined')
    // The adapter that gpu.js and the rivals get: a table without it says nothing.
    const named = await page.evaluate<string>(`(async () => {
      const webgpu = await navigator.gpu?.requestAdapter()
      const gl = document.createElement('canvas').getContext('webgl2')
      const shown = gl?.getExtension('WEBGL_debug_renderer_info')
      return 'WebGPU ' + (webgpu ? [webgpu.info?.vendor, webgpu.info?.architecture, webgpu.info?.description].filter(Boolean).join(' ') : 'absent') +
        '; WebGL ' + (gl ? gl.getParameter(shown ? shown.UNMASKED_RENDERER_WEBGL : gl.RENDERER) : 'absent')
    })()`)
    await tell({ _tag: 'note', message: `${browser.version()}; ${named}` })
    await page.evaluate(`globalThis.benchmark(${JSON.stringify(request)})`)
  } finally {
    await browser.close()
    server.close()
  }
}
