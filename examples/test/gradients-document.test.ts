import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { counterExample, refusal } from '../src/broken-gradient.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const tutorial = read('docs/gradients.md')
const blocks = [...tutorial.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }))

describe('docs/gradients.md', () => {
  test('its programs are files that are compiled and run', () => {
    const files = ['examples/src', 'examples/test'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => read(join(folder, name))))
    const programs = blocks.filter(({ language }) => language === 'ts')
    expect(programs.length).toBeGreaterThan(2)
    programs.forEach(({ text }) => expect(files).toContain(text))
  })

  test('shows what the kit prints', () => {
    const shown = blocks.filter(({ language }) => language === '').map(({ text }) => text)
    expect(refusal.split('\n').slice(0, 6).join('\n')).toBe(shown[0]?.trimEnd())
    expect(counterExample).toBe(shown[1])
  })

  test.each(['docs/gradients.md', 'docs/gradients-compared.md'])('commands and links of %s lead somewhere', (document) => {
    const { scripts } = JSON.parse(read('package.json'))
    const commands = [...read(document).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
    expect(commands.length).toBeGreaterThan(0)
    commands.forEach((name) => expect(scripts).toHaveProperty([name]))
    const links = [...read(document).matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link).filter((link) => !link.startsWith('https://'))
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([])
  })
})

test('the test of one’s own operation runs under node:test', () => {
  const { status, stdout } = spawnSync(process.execPath, ['--conditions=@tabula/source', '--import', 'tsx', '--test-reporter=tap', join(root, 'examples/test/own-operation.node.ts')], {
    cwd: join(root, 'examples'),
    encoding: 'utf8',
    // vitest's own settings are not for the child.
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  })
  expect(stdout).toMatch(/^ok 1 /m)
  expect(status).toBe(0)
})
