import { readFile, realpath } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { headersOf } from './policy.mjs'

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' }

/** The file of a request's path inside `folder`; `undefined` where the path, or a link on it, leads out of it. */
const fileOf = async (folder, url) => {
  const { pathname } = new URL(url, 'http://localhost')
  const inside = await realpath(folder)
  const asked = normalize(join(inside, decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname)))
  if (!asked.startsWith(inside + sep)) return undefined
  const file = await realpath(asked)
  return file.startsWith(inside + sep) ? file : undefined
}

/** Whether a request names this server. Another name that leads here is another site's, which would read the answer as its own. */
const isOwnName = (host) => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host ?? '')

const answer = async (folder, request, response) => {
  const refuse = (status, text) => response.writeHead(status, { ...headersOf(''), 'Content-Type': 'text/plain; charset=utf-8' }).end(text)
  if (!isOwnName(request.headers.host)) return refuse(421, 'This server answers to 127.0.0.1 and localhost.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'This server only answers GET.')
  try {
    const file = await fileOf(folder, request.url ?? '/')
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
    server.listen(port, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}/`,
        close: () =>
          new Promise((done) => {
            server.close(done)
            server.closeAllConnections()
          })
      })
    )
  })
