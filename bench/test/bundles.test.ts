import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { bundle } from '../src/browser/bundle.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Entry points that run in browsers, and the most kilobytes that each may have as one minified module with all that it imports: raw, gzip. */
const entries: readonly (readonly [entry: string, raw: number, gzip: number])[] = [
  ['@tabula/tensor', 62, 22],
  ['@tabula/tensor/reference', 34, 13],
  // Nine tenths are gpu.js.
  ['@tabula/tensor/gpujs', 900, 235],
  ['@tabula/autodiff', 92, 29],
  ['@tabula/nn', 61, 23],
  ['@tabula/detection', 100, 36],
  ['@tabula/coco', 54, 19],
  ['@tabula/coco/images', 8, 4]
]

const sizes: (readonly [entry: string, raw: number, gzip: number])[] = []
afterAll(() => {
  const line = (cells: readonly string[]): string => cells.map((cell, column) => (column === 0 ? cell.padEnd(28) : cell.padStart(12))).join('')
  process.stdout.write(`${[line(['bundle', 'kB', 'kB gzip']), ...sizes.map(([entry, raw, gzip]) => line([entry, raw.toFixed(1), gzip.toFixed(1)]))].join('\n')}\n`)
})

test.each(entries)('%s is a module for browsers', async (entry, raw, gzip) => {
  const code = await bundle({ text: `export * from '${entry}'`, root: join(root, 'bench') })
  const size = [code.length / 1000, gzipSync(code).length / 1000] as const
  sizes.push([entry, ...size])
  // All is inside: nothing is left to a browser to find, and there is no stand-in for Node.
  expect(code).not.toMatch(/\bfrom\s*["'](?:node:|[a-z@])/)
  expect(code).not.toContain('__vite-browser-external')
  expect(size[0]).toBeLessThan(raw)
  expect(size[1]).toBeLessThan(gzip)
})

test('what needs Node is refused', async () => {
  await expect(bundle({ text: `export * from '@tabula/coco/pipeline'`, root: join(root, 'bench') })).rejects.toThrow(/imports (sharp|node:fs\/promises)/)
  await expect(bundle({ text: `export * from '@tabula/tensor/cpu'`, root: join(root, 'bench') })).rejects.toThrow(/imports node:/)
})
