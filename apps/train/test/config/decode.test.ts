import { either as E } from 'fp-ts'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { formatCocoError } from '@tabula/coco'
import { decodeConfig } from '../../src/config/index.js'

const configs = fileURLToPath(new URL('../../configs/', import.meta.url))
const steps = { optimization: { steps: 100 } }

/** Mistakes of a configuration as `path: remedy` pairs. */
const mistakes = (json: unknown): readonly (readonly [string, string])[] => {
  const decoded = decodeConfig(json, 'test.json')
  return E.isLeft(decoded) ? decoded.left.problems.map(({ path, remedy }) => [path, remedy]) : []
}

describe('configurations', () => {
  test.each(readdirSync(configs))('%s, which comes with the package, is in order', (name) => {
    const decoded = decodeConfig(JSON.parse(readFileSync(configs + name, 'utf8')), name)
    expect(E.isLeft(decoded) ? formatCocoError(decoded.left) : '').toBe('')
  })

  test('defaults are filled in, and what is filled in decodes to itself', () => {
    const decoded = decodeConfig(steps, 'test.json')
    expect(E.isRight(decoded) && decoded.right.optimization).toMatchObject({ steps: 100, batch: 8, momentum: 0.9 })
    expect(E.isRight(decoded) && decodeConfig(decoded.right, 'test.json')).toEqual(decoded)
  })

  test.each<[string, unknown, string, RegExp]>([
    ['not an object', [], '', /steps/],
    ['a required key is missing', {}, 'optimization.steps', /Add the key/],
    ['a misspelled section', { ...steps, optimisation: {} }, 'optimisation', /optimization\?/],
    ['a misspelled key', { ...steps, model: { nrom: 'groupNorm' } }, 'model.nrom', /model\.norm\?/],
    ['a key in another style', { ...steps, data: { min_size: 100 } }, 'data.min_size', /data\.minSize\?/],
    ['a key of another section', { ...steps, momentum: 0.9 }, 'momentum', /optimization\.momentum\?/],
    ['a number in quotes', { ...steps, seed: '7' }, 'seed', /without quotes: 7/],
    ['a misspelled choice', { ...steps, model: { norm: 'groupnorm' } }, 'model.norm', /"groupNorm"/],
    ['a fraction for a count', { optimization: { steps: 1.5 } }, 'optimization.steps', /steps/],
    ['zero steps', { optimization: { steps: 0 } }, 'optimization.steps', /steps/],
    ['a negative rate', { optimization: { steps: 1, learningRate: -1 } }, 'optimization.learningRate', /rate/],
    ['null for a number', { ...steps, seed: null }, 'seed', /weights/],
    ['a momentum of 1', { optimization: { steps: 1, momentum: 1 } }, 'optimization.momentum', /Momentum/],
    ['a section that is a number', { ...steps, model: { pyramid: 3 } }, 'model.pyramid', /\{/],
    ['a path that climbs out', { ...steps, data: { train: { images: '../other' } } }, 'data.train.images', /Folder/],
    ['an absolute path', { ...steps, data: { train: { annotations: '/etc/passwd' } } }, 'data.train.annotations', /Annotation file/],
    ['a share above 1', { ...steps, data: { flip: 1.5 } }, 'data.flip', /Probability/],
    ['too few levels of anchors', { ...steps, model: { anchors: { sizes: [[8], [16]] } } }, 'model.anchors.sizes', /lists/],
    ['levels of unequal anchors', { ...steps, model: { anchors: { sizes: [[8], [16], [32], [64], [128, 256]] } } }, 'model.anchors.sizes', /as many/],
    ['groups that do not divide', { ...steps, model: { width: 20 } }, 'model.groups', /groups/],
    ['sizes in the wrong order', { ...steps, data: { minSize: 200, maxSize: 100 } }, 'data.maxSize', /minSize/],
    ['a fixed size no stride divides', { ...steps, data: { minSize: 90, maxSize: 100, fixedSize: [100, 100] } }, 'data.fixedSize', /up/],
    ['a warm-up longer than the run', { optimization: { steps: 10, warmUp: { steps: 11 } } }, 'optimization.warmUp.steps', /warm-up/],
    ['a list that is no list', { optimization: { steps: 100, drops: 0.5 } }, 'optimization.drops', /drops/],
    ['a string for a list', { ...steps, model: { blocks: '1,1,1,1' } }, 'model.blocks', /blocks/],
    ['a batch of zero', { optimization: { steps: 100, batch: 0 } }, 'optimization.batch', /Images/],
    ['a threshold of 1', { ...steps, model: { detections: { scoreThreshold: 1 } } }, 'model.detections.scoreThreshold', /dropped/],
    ['a prototype key', JSON.parse('{"optimization":{"steps":100},"__proto__":1}'), '__proto__', /Remove|mean/]
  ])('%s', (_, json, path, remedy) => {
    const found = mistakes(json)
    expect(found.map(([at]) => at)).toContain(path)
    expect(found.find(([at]) => at === path)?.[1]).toMatch(remedy)
  })

  test('all mistakes are told at once', () => {
    const found = mistakes({ optimization: { steps: 0, batch: 'x' }, model: { widht: 3 }, sed: 1 })
    expect(found.map(([path]) => path).sort()).toEqual(['model.widht', 'optimization.batch', 'optimization.steps', 'sed'])
  })
})
