import * as fc from 'fast-check'
import { taskEither as TE } from 'fp-ts'
import { describe, expect, test } from 'vitest'
import type { Device, Executable } from '../../src/device/device.js'
import { evaluate, referenceDevice } from '../../src/device/reference/index.js'
import type { PrimitiveName } from '../../src/primitive.js'
import { deviceConformance, differenceOf, instances, programOf } from '../../src/testing/index.js'
import { floats } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'

const names = Object.keys(instances) as readonly PrimitiveName[]

describe('instances', () => {
  test.each(names)('of %s are well-formed and accepted by the reference', <P extends PrimitiveName>(name: P) => {
    for (const instance of fc.sample(instances[name], { numRuns: 100, seed: 2 })) {
      expect(evaluate(programOf(name, instance), instance.inputs)).toMatchObject({ _tag: 'Right' })
    }
  })
})

test('the interpreter in single precision conforms to the one in double precision', async () => {
  const report = await deviceConformance(referenceDevice({ precision: 'single' }), { runs: 60, seed: 3 })()
  expect(report.mismatches.map(({ message }) => message)).toEqual([])
  expect(report.unsupported).toEqual([])
  expect(report.agreed).toEqual(names)
})

/** The reference with one of its primitives off by one. */
const wrongDevice = (wrong: PrimitiveName): Device => {
  const right = referenceDevice()
  const spoil = (value: HostValue): HostValue => ({ ...value, data: value.data.map((x) => x + 1) })
  const spoilt = (executable: Executable): Executable => ({ ...executable, run: (inputs) => TE.map((outputs: readonly HostValue[]) => outputs.map(spoil))(executable.run(inputs)) })
  return {
    ...right,
    compile: (graph) => TE.map((executable: Executable) => (graph.nodes.some(({ primitive }) => primitive === wrong) ? spoilt(executable) : executable))(right.compile(graph))
  }
}

test('a device that errs is found out, at a small instance', async () => {
  const report = await deviceConformance(wrongDevice('neg'), { primitives: ['neg', 'abs'] })()
  expect(report.agreed).toEqual(['abs'])
  expect(report.mismatches).toMatchObject([{ primitive: 'neg' }])
  expect(report.mismatches[0]?.inputs[0]?.data.length).toBeLessThanOrEqual(2)
})

test('differences are said in full', () => {
  const tolerance = { absolute: 0.1, relative: 0 }
  expect(differenceOf(floats([2], [1, NaN]), floats([2], [1.05, NaN]), tolerance)).toBeUndefined()
  expect(differenceOf(floats([2], [1, 2]), floats([2], [1, NaN]), tolerance)).toMatch(/element 1 of f32\[2\]: expected NaN/)
  expect(differenceOf(floats([2], [1, 2]), floats([1, 2], [1, 2]), tolerance)).toMatch(/expected f32\[1,2\], found f32\[2\]/)
  expect(differenceOf(floats([1], [5]), floats([1], [Infinity]), tolerance)).toMatch(/Infinity/)
  expect(differenceOf(undefined, floats([1], [5]), tolerance)).toMatch(/nothing/)
})
