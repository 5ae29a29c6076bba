import { expect, it } from 'vitest'
import { folderName, sorted } from '../src/page/dropped.js'
import type { PathFile } from '../src/page/dropped.js'

const file = (path: string, type = ''): PathFile => ({ path, file: new File(['x'], path.split('/').at(-1) ?? path, { type }) })

it('finds a run and photographs among files, the outermost of a name first', () => {
  const { config, checkpoint, photographs } = sorted([file('runs/a/old/config.json'), file('runs/a/config.json'), file('runs/a/checkpoint.safetensors'), file('cat.jpg', 'image/jpeg'), file('drawing.svg', 'image/svg+xml'), file('notes.txt', 'text/plain')])
  expect(config?.path).toBe('runs/a/config.json')
  expect(checkpoint?.path).toBe('runs/a/checkpoint.safetensors')
  expect(photographs.map(({ path }) => path)).toEqual(['cat.jpg'])
  expect(folderName('runs/a/config.json')).toBe('a')
  expect(folderName('config.json')).toBe('config.json')
})

it('says what is missing', () => {
  expect(sorted([file('metrics.jsonl')])).toEqual({ config: undefined, checkpoint: undefined, photographs: [] })
})
