import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { headersOf } from './policy.mjs'

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' }

/** The file of a request's path inside `folder`; `undefined` where the path leads out of it. */
const fileOf = (folder, url) => {
  const { pathname } = new URL(url, 'http://localhost')
  const file = normalize(join(folder, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname)))
  return file.startsWith(folder + sep) ? file : undefined
}

const answer = async (folder, request, response) => {
  const refuse = (status, text) => response.writeHead(status, { ...headersOf(''), 'Content-Type': 'text/plain; charset=utf-8' }).end(text)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'This server only answers GET.')
  try {
    const file = fileOf(folder, request.url ?? '/')
    if (file === undefined) return refuse(404, 'There is no such file.')
    const bytes = await readFile(file)
    return response.writeHead(200, { ...headersOf(file.split(sep).join('/')), 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }).end(request.method === 'HEAD' ? undefined : bytes)
  } catch {
    return refuse(404, 'There is no such file.')
  }
}

/** Serves a folder on the loopback interface, which no other machine reaches; port 0 is any free one. Rejects where the port is taken. */
export const serve = (folder, port) =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => void answer(folder, request, response))
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((done) => server.close(done)) }))
  })
