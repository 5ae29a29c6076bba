import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { nodePlace } from './node-place.js'
import type { Found } from './place.js'

const require = createRequire(import.meta.url)

/** Debian's packages under headlessgl: a display, what Mesa draws with, and what the package `gl` is built from. */
export const headlessGlPackages = 'xvfb xauth libgl1-mesa-dri libxi6 libxext6 g++ make python3 pkg-config libx11-dev libxi-dev libxext-dev libgl1-mesa-dev'

const remedy = `apt-get install --no-install-recommends ${headlessGlPackages}`

const runs = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).error === undefined

/** Longest time that the build may take. */
const buildMilliseconds = 8 * 60_000

/** Where the headers of this Node lie, so that none need be fetched; none where they are not installed beside it. */
const headers = (): readonly string[] => {
  const root = dirname(dirname(process.execPath))
  return existsSync(join(root, 'include', 'node', 'node.h')) ? [`--nodedir=${root}`] : []
}

/** Builds the optional package `gl` where it lies, as its install script would have; why it cannot be, or `undefined`. */
const build = (say: (text: string) => void, milliseconds: number): string | undefined => {
  let folder
  try {
    folder = dirname(require.resolve('gl/package.json'))
  } catch {
    return 'the optional package gl is not installed'
  }
  if (existsSync(join(folder, 'build', 'Release', 'webgl.node'))) return undefined
  if (milliseconds < 1000) return 'gl is not built, and the time is over'
  say(`building gl (once; at most ${(milliseconds / 60_000).toFixed(1)} minutes)`)
  const gyp = join(dirname(require.resolve('node-gyp/package.json')), 'bin', 'node-gyp.js')
  const started = Date.now()
  const { status, error, stdout, stderr } = spawnSync(process.execPath, [gyp, 'rebuild', '-j', 'max', ...headers()], {
    cwd: folder,
    encoding: 'utf8',
    timeout: milliseconds,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 28
  })
  if (status === 0) {
    say(`built gl in ${((Date.now() - started) / 1000).toFixed(0)} s`)
    return undefined
  }
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => /not found|error|ERR! stack/i.test(line))
  return `gl cannot be built: ${error?.message ?? lines.slice(0, 2).join('; ')}`
}

/** Processes of Node on a virtual display with the package `gl`, which is built where it is not yet; or why there are none. */
export const headlessGlPlace = (say: (text: string) => void, deadline = Infinity): Found => {
  if (process.platform !== 'linux') return { reason: 'headlessgl is checked under Xvfb, on Linux', remedy: 'none' }
  if (!runs('Xvfb', '-version')) return { reason: 'no Xvfb', remedy }
  if (!runs('xauth', '-V')) return { reason: 'no xauth', remedy }
  const failed = build(say, Math.min(buildMilliseconds, deadline - Date.now()))
  return failed === undefined ? { place: nodePlace(['xvfb-run', '-a', '-s', '-ac -screen 0 64x64x24']) } : { reason: failed, remedy }
}
