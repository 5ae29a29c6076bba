import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve } from '../server/serve.mjs'

let folder = ''
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'))
  await writeFile(join(folder, 'index.html'), '<p>page</p>')
  await writeFile(join(folder, 'worker-1.js'), '')
  server = await serve(folder, 0)
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

/** The status for a path as it is, which `fetch` would make safe first. */
const statusOf = (path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    request({ hostname, port, path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })

it('serves on the loopback interface, the page without leave to evaluate, the worker with leave for WebAssembly alone', async () => {
  expect(new URL(server.url).hostname).toBe('127.0.0.1')
  const page = await fetch(server.url)
  expect(await page.text()).toBe('<p>page</p>')
  expect(page.headers.get('content-security-policy')).not.toContain('eval')
  const worker = await fetch(`${server.url}worker-1.js`)
  expect(worker.headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
})

it('serves nothing outside of its folder', async () => {
  expect(await statusOf('/%2e%2e/%2e%2e/etc/passwd')).toBe(404)
  expect(await statusOf('/..%2f..%2fetc/passwd')).toBe(404)
  expect(await statusOf('/%')).toBe(404)
  expect(await statusOf('/nothing')).toBe(404)
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405)
})
