import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { typeCheck } from '../../../scripts/type-check.mjs'
import { program } from '../src/index.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const documents = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`), 'apps/train/README.md', 'bench/README.md']
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Block {
  readonly document: string
  readonly language: string
  readonly text: string
}

const blocks: readonly Block[] = documents.flatMap((document) =>
  [...read(document).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ document, language, text }))
)
const programs = blocks.filter(({ language }) => language === 'ts')

test('blocks are programs, what programs print, commands, or a picture of the folders', () => {
  expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(['ts', 'text', 'sh', '']))
})

describe('programs in documents', () => {
  const checked = typeCheck(new URL('../', import.meta.url), programs.map(({ text }) => text))

  test.each(programs.map(({ document, text }, k) => ({ where: `${document}: ${text.split('\n')[0] ?? ''}`, k })))('$where … compiles', ({ k }) => {
    expect(checked[k]?.errors).toEqual([])
  })
})

/** A folder in this project, so that programs in it find its packages. */
mkdirSync(join(root, 'apps/train/test-results'), { recursive: true })
const scratch = mkdtempSync(join(root, 'apps/train/test-results/documents-'))
const data = mkdtempSync(join(tmpdir(), 'tabula-documents-'))
afterAll(() => [scratch, data].forEach((folder) => rmSync(folder, { recursive: true, force: true })))

test('the program of packages/coco reads a first batch where there is a data set', () => {
  const block = programs.find(({ document }) => document === 'packages/coco/README.md')
  mkdirSync(join(data, 'annotations'))
  mkdirSync(join(data, 'train2017'))
  copyFileSync(join(root, 'fixtures/images/grey_47x64.jpg'), join(data, 'train2017/1.jpg'))
  const instances = {
    images: [{ id: 1, file_name: '1.jpg', width: 47, height: 64 }],
    categories: [{ id: 1, name: 'patch' }],
    annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [4, 5, 20, 30], area: 600, iscrowd: 0, segmentation: [[4, 5, 24, 5, 24, 35, 4, 35]] }]
  }
  writeFileSync(join(data, 'annotations/instances_train2017.json'), JSON.stringify(instances))
  writeFileSync(join(scratch, 'first-batch.ts'), block?.text ?? '')
  const tsx = import.meta.resolve('tsx')
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@tabula/source', '--import', tsx, join(scratch, 'first-batch.ts')], { cwd: data, encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/\n\d+ × \d+, then 2:0\n$/)
})

/** Every command in a document: the lines of its `sh` blocks and indented blocks, and what its text names. */
const commands = documents.flatMap((document) => {
  const text = read(document)
  const shell = blocks.filter((block) => block.document === document && block.language === 'sh').flatMap((block) => block.text.split('\n'))
  const indented = [...text.matchAll(/^ {4}((?:npm|npx|node) .*)$/gm)].map(([, line = '']) => line)
  const inline = [...text.matchAll(/`((?:npm|npx|node) [^`]*)`/g)].map(([, line = '']) => line)
  return [...shell, ...indented, ...inline]
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .flatMap((line) => line.split('&&').map((part) => ({ document, command: part.trim() })))
})

const helpOf = async (subcommand: readonly string[]): Promise<string> => {
  let shown = ''
  const write = (text: string): void => void (shown += text)
  const code = await program({ argv: [...subcommand, '--help'], stdout: { write, interactive: false }, stderr: write, listen: () => new AbortController().signal })
  expect(code).toBe(0)
  return shown
}

const packageJson: { readonly scripts: Readonly<Record<string, string>>; readonly devDependencies: Readonly<Record<string, string>> } = JSON.parse(read('package.json'))

describe('commands in documents', () => {
  test('are there', () => {
    expect(commands.length).toBeGreaterThan(20)
  })

  test.each(commands)('$document: $command', async ({ command }) => {
    const [first = '', second = '', third = ''] = command.replaceAll('[', '').replaceAll(']', '').split(/\s+/)
    if (first === 'npm') {
      if (second === 'run') expect(packageJson.scripts).toHaveProperty([third])
      else expect(['ci', 'start', 'test']).toContain(second)
    } else if (first === 'node') {
      expect(existsSync(join(root, second))).toBe(true)
    } else if (command.startsWith('npx --no -- tabula')) {
      const words = command.replace('npx --no -- tabula', '').trim().split(/[\s[\]|]+/)
      const name = words.slice(0, words.findIndex((word) => !/^[a-z]+$/.test(word)) === -1 ? words.length : words.findIndex((word) => !/^[a-z]+$/.test(word)))
      const help = await helpOf(name[0] === 'help' ? [] : name)
      // A command that does not exist would show the help of those above it.
      expect(help).toContain(`Usage: tabula${name[0] === 'help' ? '' : name.map((word) => ` ${word}`).join('')}`)
      words.filter((word) => word.startsWith('--')).forEach((option) => expect(help).toContain(option))
    } else {
      expect(first).toBe('npx')
      expect(packageJson.devDependencies).toHaveProperty([second])
    }
  })
})

test('folders and files named in README.md and CONTRIBUTING.md exist', () => {
  const paths = ['README.md', 'CONTRIBUTING.md'].flatMap((document) => [...read(document).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)].map(([, path = '']) => path))
  expect(paths.length).toBeGreaterThan(10)
  expect(paths.filter((path) => !path.startsWith('fp-ts') && !existsSync(join(root, path)))).toEqual([])
})

test('links in documents lead somewhere', () => {
  const links = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => ({ document, link })).filter(({ link }) => !link.startsWith('https://'))
  )
  expect(links.filter(({ document, link }) => !existsSync(join(root, dirname(document), link)))).toEqual([])
})

test('the quick start has at most 15 lines', () => {
  const lines = programs.find(({ document }) => document === 'README.md')?.text.trimEnd().split('\n') ?? []
  expect(lines.length).toBeGreaterThan(5)
  expect(lines.length).toBeLessThanOrEqual(15)
})

describe('what is published', () => {
  interface Manifest {
    readonly description?: string
    readonly license?: string
    readonly type?: string
    readonly engines?: object
    readonly files?: readonly string[]
    readonly sideEffects?: boolean
    readonly dependencies?: Readonly<Record<string, string>>
    readonly peerDependencies?: Readonly<Record<string, string>>
    readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  }
  const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'apps/train']
  const manifestOf = (folder: string): Manifest => JSON.parse(read(`${folder}/package.json`))

  test.each(folders)('%s says what it is, for which Node, under which license, and has types at every entry', (folder) => {
    const { description, license, type, engines, files, sideEffects, exports = {} } = manifestOf(folder)
    expect({ license, type, engines }).toEqual({ license: 'MIT', type: 'module', engines: { node: '>=20.19' } })
    expect(description).toMatch(/\.$/)
    expect(files).toEqual(expect.arrayContaining(['dist', 'README.md', 'LICENSE']))
    expect(read(`${folder}/LICENSE`)).toBe(read('LICENSE'))
    if (folder.startsWith('packages/')) expect(sideEffects).toBe(false)
    const entries = Object.entries(exports).filter(([name]) => name !== './package.json')
    expect(entries.length).toBeGreaterThan(0)
    entries.forEach(([, entry]) => {
      expect(Object.keys(entry)).toEqual(['@tabula/source', 'types', 'default'])
      expect(existsSync(join(root, folder, typeof entry === 'string' ? entry : (entry['@tabula/source'] ?? '')))).toBe(true)
    })
  })

  test('NOTICE names every package that is installed with it', () => {
    const plain = (text: string): string => text.toLowerCase().replaceAll(/[\s-]/g, '')
    const notice = plain(read('NOTICE'))
    const used = new Set(folders.flatMap((folder) => Object.keys({ ...manifestOf(folder).dependencies, ...manifestOf(folder).peerDependencies })).filter((name) => !name.startsWith('@tabula/')))
    expect(used.size).toBeGreaterThan(10)
    expect([...used].filter((name) => !notice.includes(plain(name === 'onnxruntime-node' ? 'ONNX Runtime' : name)))).toEqual([])
  })
})
