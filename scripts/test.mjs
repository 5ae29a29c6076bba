/** `npm test`: lint, type checks, builds and tests of every project, then one line with the totals of all tests. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const tasks = ['lint', 'typecheck', 'build', 'test']

const projects = [
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  ...readdirSync(join(root, 'apps')).map((name) => join(root, 'apps', name)),
  join(root, 'examples'),
  join(root, 'bench')
].filter((folder) => existsSync(join(folder, 'package.json')))
const reportOf = (folder) => join(folder, 'test-results', 'vitest.json')

projects.forEach((folder) => rmSync(reportOf(folder), { force: true }))

const { status } = spawnSync(
  process.execPath,
  [join(root, 'node_modules/nx/dist/bin/nx.js'), 'run-many', '-t', ...tasks, '--parallel=2', '--outputStyle=static'],
  { cwd: root, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' } }
)

const reports = projects.filter((folder) => existsSync(reportOf(folder))).map((folder) => JSON.parse(readFileSync(reportOf(folder), 'utf8')))
const total = (key) => reports.reduce((sum, report) => sum + report[key], 0)
const missing = projects.filter((folder) => !existsSync(reportOf(folder)))
missing.forEach((folder) => process.stdout.write(`no tests were reported for ${folder.slice(root.length + 1)}\n`))

// Something other than a test may have failed: a type error, a lint error, a file that could not be loaded.
const failedTests = total('numFailedTests')
const failed = failedTests + missing.length + (status !== 0 && failedTests + missing.length === 0 ? 1 : 0)
process.stdout.write(`${total('numPassedTests')} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
