import { beforeAll, describe, expect, test } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import type { GpujsDevice } from '../../src/device/gpujs/index.js'
import { graphOf } from '../../src/graph/graph.js'
import type { Graph } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import type { Tensor } from '../../src/node.js'
import { floats, integers } from '../../src/value.js'
import type { HostValue } from '../../src/value.js'
import { program, take } from './programs.js'

const whole = (x: Tensor): Tensor => bind('cast', { dtype: 'i32' }, x)
const picked = (x: Tensor, places: Tensor): Tensor => bind('gather', { axis: 0, batchDims: 0 }, x, places)
const failure = (message: RegExp) => ({ left: { _tag: 'ExecutionFailed', message: expect.stringMatching(message) as unknown } })

describe('numbers that kernels compute and primitives refuse', () => {
  let device: GpujsDevice
  beforeAll(async () => {
    device = await take(gpujsDevice({ mode: 'webasm' }))
  })

  const compiled = (inputs: readonly HostValue[], f: (...operands: readonly Tensor[]) => readonly Tensor[]) => take(device.compile(program(inputs, f)))

  test('an index out of range is an error that names the primitive, whether it is computed before or by the step', async () => {
    const x = floats([3], [1, 2, 3])
    const f = (a: Tensor, places: Tensor): readonly Tensor[] => [picked(a, whole(bind('add', {}, places, places)))]
    const executable = await compiled([x, floats([2], [0, 1])], f)
    expect((await take(executable.run([x, floats([2], [0, 1])]))).map(({ data }) => Array.from(data))).toEqual([[1, 3]])
    const { live } = device.counts()
    expect(await executable.run([x, floats([2], [0, 1.5])])()).toMatchObject(failure(/gather: index: 1 of 2 are not in \[0, 3\)/))
    expect(await executable.run([x, floats([2], [-1, -1])])()).toMatchObject(failure(/gather: index: 2 of 2/))
    expect(device.counts().live).toBe(live)
    expect(Array.from((await take(executable.run([x, floats([2], [0, 1])])))[0]?.data ?? [])).toEqual([1, 3])
  })

  test('also within a branch, and only if it is taken', async () => {
    const x = floats([3], [1, 2, 3])
    const places = floats([2], [0, 3])
    const branch = (take: boolean): Graph => program([x, places], (a, p) => [take ? picked(a, whole(bind('add', {}, p, p))) : bind('neg', {}, p)])
    const executable = await compiled([integers([], [0]), x, places], (index, ...operands) => bindAll('cond', { branches: [branch(true), branch(false)] }, index, ...operands))
    expect(await executable.run([integers([], [0]), x, places])()).toMatchObject(failure(/gather: index: 1 of 2/))
    expect(Array.from((await take(executable.run([integers([], [1]), x, places])))[0]?.data ?? [])).toEqual([-0, -3])
  })

  test('a step that is refused leaves the state as it was', async () => {
    const parameters = [placeholder('state', { shape: [2], dtype: 'f32' }), placeholder('place', { shape: [1], dtype: 'f32' })] as const
    const [state, place] = parameters
    const executable = await take(device.compile(graphOf(parameters, [bind('add', {}, state, state), picked(state, whole(bind('add', {}, place, place)))]), { state: 1 }))
    const held = await take(device.hold([floats([2], [1, 2])]))
    expect(await executable.advance(held, [floats([1], [7])])()).toMatchObject(failure(/gather: index/))
    await take(executable.advance(held, [floats([1], [0])]))
    expect(Array.from((await take(held.read))[0]?.data ?? [])).toEqual([2, 4])
  })

  test('nothing is read for it before the end, and nothing at all where the range is known', async () => {
    const x = floats([3], [1, 2, 3])
    const places = floats([2], [0, 5])
    const guarded = await compiled([x, places], (a, p) => [picked(a, whole(bind('minimum', {}, p, bind('constant', { value: floats([], [2]) }))))])
    const known = await compiled([x, places], (a, p) => [
      picked(a, whole(bind('maximum', {}, bind('minimum', {}, p, bind('constant', { value: floats([], [2]) })), bind('constant', { value: floats([], [0]) }))))
    ])
    const reads = async (executable: typeof guarded): Promise<number> => {
      const before = device.counts().reads
      expect(Array.from((await take(executable.run([x, places])))[0]?.data ?? [])).toEqual([1, 3])
      return device.counts().reads - before
    }
    expect([await reads(guarded), await reads(known)]).toEqual([2, 1])
    expect(known.report.kernels).toBeLessThan(guarded.report.kernels)
  })

  test('regions: images and levels that are not there, corners that are not finite', async () => {
    const inputs = [floats([1, 1, 4, 4], new Float32Array(16).fill(1)), floats([1, 4], [0, 0, 4, 4]), floats([1], [0]), floats([1], [0])]
    const align = await compiled(inputs, (x, boxes, image, level) => [
      bind('roiAlign', { outputSize: [2, 2], samplingRatio: 2, scales: [0.5], aligned: false }, x, bind('add', {}, boxes, boxes), whole(bind('neg', {}, image)), whole(bind('neg', {}, level)))
    ])
    expect(align.report.notes.filter((note) => note.includes('on the host'))).toEqual([])
    const [x, boxes, zero] = inputs
    if (x === undefined || boxes === undefined || zero === undefined) throw new Error('an input is missing')
    expect(Array.from((await take(align.run(inputs)))[0]?.data ?? [])).toEqual([1, 1, 1, 1])
    expect(await align.run([x, floats([1, 4], [0, NaN, 4, 4]), zero, zero])()).toMatchObject(failure(/roiAlign: corner: 1 of 4 are not finite/))
    expect(await align.run([x, floats([1, 4], [0, 0, Infinity, 4]), zero, zero])()).toMatchObject(failure(/roiAlign: corner: 1 of 4/))
    expect(await align.run([x, boxes, floats([1], [-1]), zero])()).toMatchObject(failure(/roiAlign: image: 1 of 1 are not in \[0, 1\)/))
    expect(await align.run([x, boxes, zero, floats([1], [-2])])()).toMatchObject(failure(/roiAlign: level: 1 of 1/))
  })
})

describe('integers', () => {
  test('of inputs stay on the device while they are small, and are exact on the host when they are not', async () => {
    const device = await take(gpujsDevice({ mode: 'webasm' }))
    const small = [integers([3], [1, -4000, 90]), integers([3], [4096, 3, -5])]
    const executable = await take(device.compile(program(small, (a, b) => [bind('mul', {}, a, b), bind('equal', {}, a, b)])))
    expect(executable.report.notes.filter((note) => note.includes('runs on the host'))).toEqual([])
    const run = async (inputs: readonly HostValue[]): Promise<readonly (readonly number[])[]> => (await take(executable.run(inputs))).map(({ data }) => Array.from(data))
    expect(await run(small)).toEqual([[4096, -12_000, -450], [0, 0, 0]])
    const large = [integers([3], [2 ** 24 + 1, 2 ** 24, 5]), integers([3], [3, 2 ** 24 + 1, 5])]
    expect(await run(large)).toEqual([[3 * 2 ** 24 + 3, 2 ** 24, 25], [0, 0, 1]])
    expect(await run(small)).toEqual([[4096, -12_000, -450], [0, 0, 0]])
    executable.release()
    expect(device.counts().live).toBe(0)
  })

  test('that are quotients in reals, or lie between bounds, stay on the device too', async () => {
    const device = await take(gpujsDevice({ mode: 'webasm' }))
    const inputs = [integers([3], [7, 64, 4000]), floats([3], [0.5, 1e9, NaN])]
    const executable = await take(
      device.compile(
        program(inputs, (x, y) => {
          const constant = (n: number): Tensor => bind('constant', { value: floats([], [n]) })
          const quotient = whole(bind('floor', {}, bind('div', {}, bind('add', {}, bind('cast', { dtype: 'f32' }, x), constant(0.5)), constant(32))))
          const kept = whole(bind('minimum', {}, bind('maximum', {}, y, constant(-3)), constant(100)))
          return [bind('sub', {}, x, quotient), bind('mul', {}, kept, kept), bind('broadcastTo', { shape: [2, 2] }, constant(3))]
        })
      )
    )
    expect(executable.report.notes.filter((note) => note.includes('runs on the host'))).toEqual([])
    expect((await take(executable.run(inputs))).map(({ data }) => Array.from(data))).toEqual([[7, 62, 3875], [0, 10_000, 0], [3, 3, 3, 3]])
  })
})
