import { defineConfig } from 'vitest/config'

/** Packages resolve one another to their sources, so tests need no build. */
const conditions = ['@tabula/source']

/** One configuration for every project: run-time tests and type tests (`*.test-d.ts`). */
export const project = (name: string, root: string) =>
  defineConfig({
    root,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      watch: false,
      reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
      testTimeout: 120_000,
      hookTimeout: 120_000,
      typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.spec.json' }
    }
  })
