/** `npm run playground`: builds the page and serves it on the loopback interface. `--help` lists the options. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { help, optionsOf, portProblem } from './options.mjs'
import { serve } from './serve.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const wrong = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

const options = optionsOf(process.argv.slice(2))
if (options.help) {
  process.stdout.write(help)
} else if (options.problem !== undefined) {
  wrong(options.problem)
} else {
  const { port } = options
  // The port is taken first: building takes a while, and is in vain where there is none.
  const { url } = await serve(join(root, 'dist', 'site'), port).catch((thrown) => wrong(portProblem(port, thrown)))
  process.stdout.write('Building the page …\n')
  const { build } = await import('vite').catch(() => wrong('The page is built with Vite, which is not installed. Run npm ci first.'))
  await build({ configFile: join(root, 'vite.config.mjs'), logLevel: 'warn' }).catch((thrown) => wrong(`The page could not be built: ${thrown.message}`))
  process.stdout.write(`The playground is at ${url}\nCtrl-C ends it.\n`)
}
