import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Something to serve. */
export interface Served {
  readonly type: string
  readonly body: string | Uint8Array
}

/** A server of files in memory on a free port of the loopback interface: a secure context, as WebGPU wants. */
export const serve = async (files: ReadonlyMap<string, Served>): Promise<{ readonly url: string; readonly close: () => void }> => {
  const server = createServer(({ url = '/' }, response) => {
    const file = files.get(new URL(url, 'http://localhost').pathname)
    // The two policies make a page isolated, which shared memory of WebAssembly threads wants.
    response.writeHead(file === undefined ? 404 : 200, {
      'Content-Type': file?.type ?? 'text/plain',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp'
    })
    response.end(file?.body ?? 'no such file')
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => void server.close() }
}
