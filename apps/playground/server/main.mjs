/** `npm run playground`: builds the page and serves it on the loopback interface, at port 5173 or `--port N`. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { serve } from './serve.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const wrong = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const portOf = () => {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string', default: '5173' } } })
    const port = Number(values.port)
    return Number.isInteger(port) && port >= 0 && port <= 65535 ? port : wrong(`--port: expected a number from 0 to 65535, found ${values.port}.`)
  } catch (thrown) {
    return wrong(`${thrown.message} The only option is --port N.`)
  }
}

const port = portOf()
await build({ configFile: join(root, 'vite.config.mjs'), logLevel: 'warn' })
try {
  const { url } = await serve(join(root, 'dist', 'site'), port)
  process.stdout.write(`The playground is at ${url}\nCtrl-C ends it.\n`)
} catch (thrown) {
  wrong(thrown.code === 'EADDRINUSE' ? `Port ${port} is taken. Choose another: npm run playground -- --port ${port + 1}` : String(thrown.message))
}
