import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const

/** The browser to use: `CHROMIUM` of the environment, or the first of the usual names on the path. `undefined` where there is none. */
export const findChromium = (): string | undefined => {
  const given = process.env['CHROMIUM']
  if (given !== undefined && given !== '') return existsSync(given) ? given : undefined
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/** How to get one on Debian and Ubuntu. */
export const chromiumRemedy = 'apt-get install --no-install-recommends chromium, or name a browser in CHROMIUM'

/** What a browser draws with: SwiftShader, which is a program, or the machine's own adapter. */
export type Adapter = 'software' | 'hardware'

const common = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

const adapterFlags: Readonly<Record<Adapter, readonly string[]>> = {
  software: ['--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
  hardware: ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist']
}

/** Starts Chromium without a window. Root cannot use its sandbox, and the only pages are our own. Rejects where it does not start. */
export const launchChromium = (executablePath: string, adapter: Adapter = 'software'): Promise<Browser> =>
  chromium.launch({ executablePath, headless: true, timeout: 60_000, args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...common, ...adapterFlags[adapter]] })
