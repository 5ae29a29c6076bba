import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve } from '../server/serve.mjs'

let parent = ''
let server: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'serve-'))
  const folder = join(parent, 'site')
  await mkdir(folder)
  await mkdir(join(parent, 'site-of-another'))
  await writeFile(join(parent, 'secret'), 'secret')
  await writeFile(join(parent, 'site-of-another', 'secret'), 'secret')
  await symlink(join(parent, 'secret'), join(folder, 'link'))
  await writeFile(join(folder, 'index.html'), '<p>page</p>')
  await writeFile(join(folder, 'worker-1.js'), '')
  server = await serve(folder, 0)
})

afterAll(async () => {
  await server.close()
  await rm(parent, { recursive: true })
})

/** The status for a path and a host as they are, which `fetch` would make safe first. */
const statusOf = (path: string, host?: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url)
    request({ hostname, port, path, ...(host === undefined ? {} : { headers: { host } }) }, (response) => {
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
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/eval|inline|https?:|\*/)
  const worker = await fetch(`${server.url}worker-1.js`)
  expect(worker.headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
  expect(worker.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

it.each(['', 'worker-1.js', 'nothing'])('every answer is isolated from other sites: /%s', async (path) => {
  const { headers } = await fetch(`${server.url}${path}`)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp')
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  expect(headers.get('permissions-policy')).toContain('camera=()')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.has('access-control-allow-origin')).toBe(false)
})

it.each(['/%2e%2e/secret', '/..%2fsecret', '/../secret', '/x/../../secret', '/..%5csecret', '/../site-of-another/secret', '/%2e%2e/site-of-another/secret', '/link', '/%', '/%00', '/nothing', '//etc/passwd', '/%2fetc/passwd'])(
  'serves nothing outside of its folder: %s',
  async (path) => {
    expect(await statusOf(path)).toBe(404)
  }
)

it('answers to its own names alone, and to GET', async () => {
  expect(await statusOf('/')).toBe(200)
  expect(await statusOf('/', 'localhost:1')).toBe(200)
  expect(await statusOf('/', 'another.site')).toBe(421)
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(405)
  const head = await fetch(server.url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})
