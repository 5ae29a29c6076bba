/**
 * `npm run smoke:pack`: packs every package, checks the tarballs with publint and attw, installs them in an empty project outside the
 * repository, and type-checks and runs there the README's quick start and `tabula --help`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = (name) => join(root, 'node_modules', '.bin', name)
const versionOf = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version

const run = (what, command, args, cwd, env = {}) => {
  process.stdout.write(`\n== ${what}\n`)
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${what} failed${error === undefined ? '' : `: ${error.message}`}`)
}

/** The first TypeScript block of the README. */
const quickStart = () => {
  const found = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))
  if (found === null) throw new Error('README.md has no ts block')
  return found[1]
}

const folders = [...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)), join(root, 'apps', 'train')]
const project = mkdtempSync(join(tmpdir(), 'tabula-smoke-'))
const tarballs = join(project, 'tarballs')

try {
  mkdirSync(tarballs)
  run('build', bin('nx'), ['run-many', '-t', 'build', '--parallel=2', '--outputStyle=static', '--exclude=@tabula/bench,@tabula/examples'], root, {
    NX_DAEMON: 'false'
  })
  folders.forEach((folder) => run(`pack ${folder.slice(root.length + 1)}`, 'npm', ['pack', '--silent', '--pack-destination', tarballs], folder))
  const files = readdirSync(tarballs).map((name) => join(tarballs, name))
  files.forEach((file) => {
    run(`publint ${file}`, bin('publint'), ['--strict', file], project)
    run(`attw ${file}`, bin('attw'), [file, '--profile', 'esm-only', '--quiet'], project)
  })

  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'smoke', private: true, type: 'module' }))
  const others = ['typescript', '@types/node', 'onnxruntime-node', 'koffi'].map((name) => `${name}@${versionOf(name)}`)
  run('install the tarballs', 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...files, ...others], project)

  const compilerOptions = { target: 'ES2022', lib: ['ES2023'], module: 'NodeNext', strict: true, skipLibCheck: false, outDir: 'out', types: ['node'] }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['quick-start.ts'] }))
  writeFileSync(join(project, 'quick-start.ts'), quickStart())
  run('type-check the quick start', join(project, 'node_modules/.bin/tsc'), [], project)
  run('run the quick start', process.execPath, ['out/quick-start.js'], project)
  run('tabula --help', 'npx', ['--no', '--', 'tabula', '--help'], project)
  process.stdout.write('\nsmoke:pack passed\n')
} catch (thrown) {
  process.stderr.write(`\n${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
  process.exitCode = 1
} finally {
  rmSync(project, { recursive: true, force: true })
}
