import nx from '@nx/eslint-plugin'

/** What each layer may import. Dependencies point one way. */
const layers = {
  tensor: [],
  autodiff: ['tensor'],
  nn: ['tensor', 'autodiff'],
  detection: ['tensor', 'autodiff', 'nn'],
  coco: ['tensor'],
  apps: ['tensor', 'autodiff', 'nn', 'detection', 'coco', 'apps'],
  examples: ['tensor', 'autodiff', 'nn', 'detection', 'coco', 'apps'],
  bench: ['tensor', 'autodiff', 'nn', 'detection', 'coco', 'apps']
}

const engines = {
  gpujs: { group: ['gpu.js', 'gpu.js/*'], message: 'Only the gpu.js device may import gpu.js.' },
  cpu: {
    group: ['onnxruntime-node', 'onnxruntime-node/*', 'koffi', 'protobufjs', 'protobufjs/*'],
    message: 'Only the CPU device may import its engine.'
  },
  node: { group: ['node:*'], message: 'This file must also run in a browser.' },
  fpts: {
    group: ['fp-ts/*', '!fp-ts/lib', '!fp-ts/lib/*', 'io-ts/*', '!io-ts/lib', '!io-ts/lib/*'],
    message: "fp-ts and io-ts have no exports map: import { either as E } from 'fp-ts', or 'fp-ts/lib/Either.js'."
  }
}
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

export default [
  ...nx.configs['flat/base'],
  ...nx.configs['flat/typescript'],
  { ignores: ['**/dist', '**/out-tsc', '**/*.timestamp*', '.work'] },
  {
    files: ['**/*.ts', '**/*.mts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description', 'ts-ignore': true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...restrict(engines.fpts),
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          allowCircularSelfDependency: true,
          banTransitiveDependencies: false,
          allow: ['^.*/vitest\\.config\\.base\\.mts$', '^.*/scripts/type-check\\.mjs$'],
          depConstraints: Object.entries(layers).map(([layer, below]) => ({
            sourceTag: `layer:${layer}`,
            onlyDependOnLibsWithTags: [layer, ...below].map((name) => `layer:${name}`)
          }))
        }
      ]
    }
  },
  { files: ['packages/{tensor,autodiff,nn,detection}/src/**/*.ts'], rules: restrict(engines.fpts, engines.gpujs, engines.cpu, engines.node) },
  { files: ['packages/coco/src/**/*.ts'], rules: restrict(engines.fpts, engines.gpujs, engines.cpu) },
  { files: ['packages/tensor/src/device/gpujs/**/*.ts'], rules: restrict(engines.fpts, engines.cpu, engines.node) },
  { files: ['packages/tensor/src/device/cpu/**/*.ts'], rules: restrict(engines.fpts, engines.gpujs) }
]
