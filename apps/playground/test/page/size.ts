import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import type { Site } from '../browser.js'

/** The most kilobytes that a built file may have: raw, gzip. Nine tenths of the worker are gpu.js. */
const limits: readonly (readonly [file: RegExp, raw: number, gzip: number])[] = [
  [/^index-.*\.js$/, 24, 10],
  [/^index-.*\.css$/, 8, 3],
  [/^worker-.*\.js$/, 960, 270]
]

/** The built page stays small. */
export const size = (site: () => Site): void => {
  it('is small', async () => {
    const folder = join(site().folder, 'page', 'assets')
    const files = await readdir(folder)
    const sizes = await Promise.all(
      limits.map(async ([pattern]) => {
        const [file = 'nothing', ...others] = files.filter((name) => pattern.test(name))
        expect(others).toEqual([])
        const bytes = await readFile(join(folder, file))
        return [file, bytes.length / 1000, gzipSync(bytes).length / 1000] as const
      })
    )
    process.stdout.write(`${sizes.map(([file, raw, gzip]) => `${file.padEnd(24)} ${raw.toFixed(1)} kB, ${gzip.toFixed(1)} kB gzip`).join('\n')}\n`)
    expect(files).toHaveLength(limits.length)
    sizes.forEach(([, raw, gzip], k) => {
      expect(raw).toBeLessThan(limits[k]?.[1] ?? 0)
      expect(gzip).toBeLessThan(limits[k]?.[2] ?? 0)
    })
  })
}
