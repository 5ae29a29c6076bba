import { describe, expect, it } from 'vitest'
import { folderName, refusalOf, sorted } from '../src/page/dropped.js'
import type { PathFile } from '../src/page/dropped.js'

const file = (path: string, type = ''): PathFile => ({ path, file: new File(['x'], path.split('/').at(-1) ?? path, { type }) })
const refusal = (...files: readonly PathFile[]): string | undefined => refusalOf(files, sorted(files))

describe('files', () => {
  it('are sorted into a run and photographs, the outermost run first', () => {
    const { config, checkpoint, photographs } = sorted([file('runs/a/old/config.json'), file('runs/a/old/checkpoint.safetensors'), file('runs/a/config.json'), file('runs/a/checkpoint.safetensors'), file('cat.jpg', 'image/jpeg'), file('drawing.svg', 'image/svg+xml'), file('notes.txt', 'text/plain')])
    expect(config?.path).toBe('runs/a/config.json')
    expect(checkpoint?.path).toBe('runs/a/checkpoint.safetensors')
    expect(photographs.map(({ path }) => path)).toEqual(['cat.jpg'])
    expect(folderName('runs/a/config.json')).toBe('a')
    expect(folderName('config.json')).toBe('config.json')
  })

  it('of one run belong together: a configuration elsewhere is not taken', () => {
    const { config, checkpoint } = sorted([file('config.json'), file('runs/a/config.json'), file('runs/a/checkpoint.safetensors')])
    expect([config?.path, checkpoint?.path]).toEqual(['runs/a/config.json', 'runs/a/checkpoint.safetensors'])
  })

  it('that are pictures in the folder of the run are no photographs', () => {
    expect(sorted([file('a/config.json'), file('a/checkpoint.safetensors'), file('a/pictures/1.png', 'image/png'), file('b/1.png', 'image/png')]).photographs.map(({ path }) => path)).toEqual(['b/1.png'])
  })

  it('are refused with what is missing', () => {
    expect(refusal(file('a/config.json'), file('a/checkpoint.safetensors'))).toBeUndefined()
    expect(refusal(file('cat.jpg', 'image/jpeg'))).toBeUndefined()
    expect(refusal()).toContain('found no file')
    expect(refusal(file('a/config.json'), file('a/metrics.jsonl'))).toBe('a: expected config.json and checkpoint.safetensors side by side, found no checkpoint.safetensors. Give the folder that `tabula train` wrote, once it has saved a checkpoint.')
    expect(refusal(file('a/checkpoint.safetensors'))).toContain('found no config.json')
    expect(refusal(...['1', '2', '3', '4', '5', '6'].map((name) => file(`a/${name}.txt`)))).toContain('found 1.txt, 2.txt, 3.txt, 4.txt and 2 more.')
  })
})
