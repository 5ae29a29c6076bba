import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProjectGraphAsync } from '@nx/devkit'
import { ESLint } from 'eslint'
import { beforeAll, describe, expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** The messages that lint has for a file with this text; the file itself need not exist. */
const messagesFor = async (path: string, text: string): Promise<readonly string[]> => {
  const [result] = await new ESLint({ cwd: root }).lintText(text, { filePath: join(root, path) })
  return (result?.messages ?? []).map(({ ruleId, message }) => `${ruleId ?? 'parser'}: ${message}`)
}

describe('lint keeps the rooms apart', () => {
  beforeAll(async () => {
    // The rule about modules reads nx's project graph from its cache and does nothing without one.
    await createProjectGraphAsync({ exitOnError: false, resetDaemonClient: true })
  })

  test.each([
    ['packages/tensor/src/forbidden.ts', '@tabula/nn'],
    ['packages/tensor/src/forbidden.ts', '@tabula/autodiff'],
    ['packages/autodiff/src/forbidden.ts', '@tabula/nn'],
    ['packages/nn/src/forbidden.ts', '@tabula/detection'],
    ['packages/coco/src/forbidden.ts', '@tabula/detection'],
    ['packages/detection/src/forbidden.ts', '@tabula/coco']
  ])('%s may not import %s', async (path, forbidden) => {
    const messages = await messagesFor(path, `import * as other from '${forbidden}'\nexport const x = other\n`)
    expect(messages.join('\n')).toContain('@nx/enforce-module-boundaries')
  })

  test('an import that points down is allowed', async () => {
    expect(await messagesFor('packages/detection/src/allowed.ts', "import * as tensor from '@tabula/tensor'\nexport const x = tensor\n")).toEqual([])
  })

  test.each([
    ['packages/tensor/src/ops/forbidden.ts', 'onnxruntime-node'],
    ['packages/tensor/src/device/cpu/forbidden.ts', 'gpu.js'],
    ['packages/tensor/src/device/gpujs/forbidden.ts', 'node:fs'],
    ['packages/nn/src/forbidden.ts', 'node:fs'],
    ['apps/train/src/forbidden.ts', 'fp-ts/Either']
  ])('%s may not import %s', async (path, forbidden) => {
    const messages = await messagesFor(path, `import * as other from '${forbidden}'\nexport const x = other\n`)
    expect(messages.join('\n')).toContain('no-restricted-imports')
  })
})
