import { parseArgs } from 'node:util'

/** What `--help` prints. */
export const help = `npm run playground [-- OPTIONS]

Builds the playground, a page in which a small detector learns in the browser, and serves it on the loopback interface.

  --port N   the port, from 0 to 65535; 0: any free one (default 5173)
  --help     prints this
`

/** What the command line asks for: `help`, a port, or `problem` with what is wrong and what to do. */
export const optionsOf = (args) => {
  try {
    const { values } = parseArgs({ args, options: { port: { type: 'string', default: '5173' }, help: { type: 'boolean', short: 'h', default: false } } })
    if (values.help) return { help: true }
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 65536
    return port <= 65535 ? { port } : { problem: `--port: expected a number from 0 to 65535, found ${values.port === '' ? 'nothing' : values.port}.` }
  } catch (thrown) {
    const [message] = String(thrown.message).split('. ')
    return { problem: `${message}. Options are --port N and --help: npm run playground -- --port 8080` }
  }
}

/** Why a port cannot be had, and what to do. */
export const portProblem = (port, thrown) => {
  switch (thrown.code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken, perhaps by another playground. Choose another: npm run playground -- --port ${port === 65535 ? 5173 : port + 1}`
    case 'EACCES':
      return `Port ${port} is not allowed to you. Choose one above 1023: npm run playground -- --port 8080`
    default:
      return `Port ${port}: ${thrown.message}`
  }
}
