import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A workspace with the scripts under test, and stand-ins for what they start. */
let workspace = ''
beforeEach(() => void (workspace = join(mkdtempSync(join(tmpdir(), 'tabula-totals-')), 'workspace')))
afterEach(() => rmSync(dirname(workspace), { recursive: true, force: true }))

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(workspace, path)), { recursive: true })
  writeFileSync(join(workspace, path), text)
}

const ended = (command: string, args: readonly string[], environment: Readonly<Record<string, string | undefined>> = {}): { readonly status: number | null; readonly lines: readonly string[] } => {
  const { status, stdout } = spawnSync(command, args, { cwd: workspace, encoding: 'utf8', env: { ...process.env, TABULA_FIXTURES: '', ...environment } })
  return { status, lines: stdout.trimEnd().split('\n') }
}

describe('.ci/run ends with the totals of all stages', () => {
  const green = { ci: 'exit 0', test: "echo '10 passed, 0 failed'", torch: "echo '5 passed, 0 failed, 1 skipped'", maskrcnn: "echo '7 passed, 0 failed, 0 skipped'", gpu: "echo '0 passed, 0 failed, 3 skipped'" }

  /** Runs it with an `npm` that does what is said for each stage. */
  const run = (stages: Partial<typeof green> = {}, folders: readonly string[] = ['fixtures/torch', 'fixtures/maskrcnn'], fixtures = '') => {
    const { ci, test: tests, torch, maskrcnn, gpu } = { ...green, ...stages }
    put('bin/npm', `#!/usr/bin/env bash\ncase "$*" in\nci) ${ci} ;;\ntest) ${tests} ;;\n*torch*) ${torch} ;;\n*maskrcnn*cpu) ${maskrcnn} ;;\n*test:gpu*) ${gpu} ;;\n*) exit 9 ;;\nesac\n`)
    // No test installs anything.
    put('bin/apt-get', '#!/usr/bin/env bash\nexit 1\n')
    ;['bin/npm', 'bin/apt-get'].forEach((name) => chmodSync(join(workspace, name), 0o755))
    mkdirSync(join(workspace, '.ci'), { recursive: true })
    copyFileSync(join(root, '.ci/run'), join(workspace, '.ci/run'))
    folders.forEach((folder) => mkdirSync(join(workspace, folder), { recursive: true }))
    return ended('bash', ['.ci/run'], { PATH: `${join(workspace, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`, TABULA_FIXTURES: fixtures })
  }

  test('where all is well', () => {
    const { status, lines } = run()
    expect(lines.at(-1)).toBe('22 passed, 0 failed')
    expect(status).toBe(0)
  })

  test('where a folder of recordings is given', () => {
    const { status, lines } = run({}, ['fixtures/torch', 'fixtures/maskrcnn', 'other/torch'], 'other')
    expect(lines.at(-1)).toBe('27 passed, 0 failed')
    expect(status).toBe(0)
  })

  const failures: readonly (readonly [what: string, stages: Partial<typeof green>, last: string])[] = [
    ['the installation', { ci: 'exit 1' }, '0 passed, 1 failed'],
    ['a test', { test: "echo '9 passed, 1 failed'; exit 1" }, '21 passed, 1 failed'],
    ['npm test before it counts', { test: 'echo broken; exit 1' }, '12 passed, 1 failed'],
    ['npm test after it has counted', { test: "echo '10 passed, 0 failed'; exit 1" }, '22 passed, 1 failed'],
    ['a recorded case', { torch: "echo '4 passed, 1 failed, 1 skipped'; exit 1" }, '21 passed, 1 failed'],
    ['a primitive on an adapter', { gpu: "echo '3 passed, 2 failed, 1 skipped'; exit 1" }, '25 passed, 2 failed'],
    ['the check of adapters', { gpu: 'exit 124' }, '22 passed, 1 failed'],
    ['the parity command', { maskrcnn: 'exit 3' }, '15 passed, 1 failed']
  ]
  test.each(failures)('where %s fails', (_what, stages, last) => {
    const { status, lines } = run(stages)
    expect(lines.at(-1)).toBe(last)
    expect(status).toBe(1)
  })

  test('where there are no recordings', () => {
    expect(run({}, []).lines.at(-1)).toBe('10 passed, 1 failed')
    expect(run({}, ['fixtures/torch'], 'nowhere')).toMatchObject({ status: 1 })
  })
})

describe('npm test ends with the totals of all projects', () => {
  const report = (passed: number, failed: number): string => JSON.stringify({ numPassedTests: passed, numFailedTests: failed })

  /** Runs it with an `nx` that writes these reports, and a check of comments that ends so. */
  const run = (reports: Readonly<Record<string, string>>, nx = 0, comments = 0) => {
    mkdirSync(join(workspace, 'scripts'), { recursive: true })
    copyFileSync(join(root, 'scripts/test.mjs'), join(workspace, 'scripts/test.mjs'))
    ;['packages/a', 'packages/b', 'apps/c'].forEach((folder) => put(`${folder}/package.json`, '{}'))
    put('scripts/check-docs.mjs', `process.exit(${comments})`)
    const writes = Object.entries(reports).map(([folder, text]) => `mkdirSync('${folder}/test-results', { recursive: true }); writeFileSync('${folder}/test-results/vitest.json', ${JSON.stringify(text)})`)
    put('node_modules/nx/package.json', '{ "type": "module" }')
    put('node_modules/nx/dist/bin/nx.js', `import { mkdirSync, writeFileSync } from 'node:fs'\n${writes.join('\n')}\nprocess.exit(${nx})`)
    // What an earlier run has left does not count.
    put('packages/b/test-results/vitest.json', report(1000, 0))
    return ended(process.execPath, ['scripts/test.mjs'])
  }
  const all = { 'packages/a': report(3, 0), 'packages/b': report(4, 0), 'apps/c': report(5, 0) }

  test('where all is well', () => {
    const { status, lines } = run(all)
    expect(lines.at(-1)).toBe('12 passed, 0 failed')
    expect(status).toBe(0)
  })

  const failures: readonly (readonly [what: string, reports: Readonly<Record<string, string>>, nx: number, comments: number, last: string])[] = [
    ['a test', { ...all, 'packages/b': report(2, 2) }, 1, 0, '10 passed, 2 failed'],
    ['lint or a type check', all, 1, 0, '12 passed, 1 failed'],
    ['a doc comment', all, 0, 1, '12 passed, 1 failed'],
    ['a doc comment, and lint', all, 1, 1, '12 passed, 2 failed'],
    ['a project before it has tested', { 'packages/a': report(3, 0), 'apps/c': report(5, 0) }, 1, 0, '8 passed, 1 failed'],
    ['a project while it writes its report', { ...all, 'packages/b': '{"numPassed' }, 1, 0, '8 passed, 1 failed']
  ]
  test.each(failures)('where %s fails', (_what, reports, nx, comments, last) => {
    const { status, lines } = run(reports, nx, comments)
    expect(lines.at(-1)).toBe(last)
    expect(status).toBe(1)
  })
})
