/** `npm test`: lint, doc comments, type checks, builds and tests of every project, then one line with the totals of all tests. */
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

const succeeds = (script, ...args) =>
  spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' } }).status === 0

const documented = succeeds('scripts/check-docs.mjs')
const ran = succeeds('node_modules/nx/dist/bin/nx.js', 'run-many', '-t', ...tasks, '--parallel=2', '--outputStyle=static')

/** What a project's tests came to; `undefined` where they did not run, or were cut off while the report was written. */
const resultOf = (folder) => {
  try {
    return JSON.parse(readFileSync(reportOf(folder), 'utf8'))
  } catch {
    process.stdout.write(`no tests were reported for ${folder.slice(root.length + 1)}\n`)
    return undefined
  }
}

const results = projects.map(resultOf)
const total = (key) => results.reduce((sum, result) => sum + (result?.[key] ?? 0), 0)
const failedTests = total('numFailedTests') + results.filter((result) => result === undefined).length
// nx also fails where something other than a test did: a type error, a lint error, a file that could not be loaded.
const failed = failedTests + (documented ? 0 : 1) + (ran || failedTests > 0 ? 0 : 1)
process.stdout.write(`${total('numPassedTests')} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
