import { either as E } from 'fp-ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { bind, bindAll } from '../../src/bind.js'
import { cpuDevice } from '../../src/device/cpu/index.js'
import type { Device } from '../../src/device/device.js'
import { gpujsDevice } from '../../src/device/gpujs/index.js'
import { evaluate, referenceDevice } from '../../src/device/reference/index.js'
import { compile, host, simplify, trace } from '../../src/index.js'
import type { DeviceError, Graph, HostValue, Shape, Tensor } from '../../src/index.js'
import { graphOf } from '../../src/graph/graph.js'
import { placeholder } from '../../src/graph/trace.js'
import { key, uniform } from '../../src/random/index.js'
import { differenceOf } from '../../src/testing/index.js'
import { floats, integers, scalar, valueOf } from '../../src/value.js'
import { program, take } from '../gpujs/programs.js'

const devices = {
  reference: () => Promise.resolve(referenceDevice()),
  'cpu through the C interface': () => take(cpuDevice({ engine: 'c-api', threads: 2 })),
  'cpu through onnxruntime-node': () => take(cpuDevice({ engine: 'binding', threads: 2 })),
  'gpujs in mode webasm': () => take(gpujsDevice({ mode: 'webasm' })),
  'gpujs in mode cpu': () => take(gpujsDevice({ mode: 'cpu' }))
} as const

const real = (name: string, shape: readonly number[]): Tensor => placeholder(name, { shape, dtype: 'f32' })

/** (s, x) → (0.9 s + x; s, s · x): a carry of its own history. */
const decay = (shape: readonly number[]): Graph => {
  const [s, x] = [real('s', shape), real('x', shape)]
  return graphOf([s, x], [bind('add', {}, bind('mul', {}, s, bind('constant', { value: scalar(0.9) })), x), s, bind('mul', {}, s, x)])
}

const increment = host({
  name: 'increment',
  outputs: { y: { shape: [2], dtype: 'f32' }, count: { shape: [], dtype: 'i32' } },
  run: ({ x }: { readonly x: HostValue<'f32'> }) => ({ count: integers([], [x.data.length]), y: floats([2], Array.from(x.data, (e) => e + 1)) })
})

const incremented = (x: Tensor): Tensor => increment({ x: x as Tensor<Shape, 'f32'> }).y

const failing = (f: (x: HostValue) => readonly HostValue[]) => (x: Tensor): readonly Tensor[] =>
  bindAll('host', { name: 'failing', outputs: [{ shape: [2], dtype: 'f32' }], run: ([value]) => (value === undefined ? [] : f(value)) }, x)

describe.each(Object.entries(devices))('%s', (name, open) => {
  let device: Device
  beforeAll(async () => {
    device = await open()
  })

  const agrees = async (inputs: readonly HostValue[], f: (...operands: readonly Tensor[]) => readonly Tensor[], tolerance = 1e-5): Promise<readonly string[]> => {
    const graph = program(inputs, f)
    const expected = evaluate(graph, inputs)
    if (E.isLeft(expected)) throw new Error(expected.left.message)
    const executable = await take(device.compile(simplify(graph)))
    const found = await take(executable.run(inputs))
    executable.release()
    expect(found.length).toBe(expected.right.length)
    expected.right.forEach((value, index) => expect(differenceOf(found[index], value, { absolute: tolerance, relative: tolerance })).toBeUndefined())
    return executable.report.notes
  }

  test.each([1, 2, 4, 5, 6, 24, 25, 31, 127])('%i slices are stacked in order, in both directions', async (length) => {
    const inputs = [floats([3], [1, 2, 3]), uniform(key(length), [length, 3], -1, 1)]
    for (const reverse of [false, true]) {
      await agrees(inputs, (...operands) => bindAll('scan', { body: decay([3]), constants: 0, carries: 1, length, reverse }, ...operands))
    }
  })

  test('slices of rank 0 and slices without elements', async () => {
    for (const shape of [[], [0], [2, 0, 3]]) {
      const inputs = [uniform(key(1), shape, -1, 1), uniform(key(2), [4, ...shape], -1, 1)]
      await agrees(inputs, (...operands) => bindAll('scan', { body: decay(shape), constants: 0, carries: 1, length: 4, reverse: false }, ...operands))
    }
  })

  test('integers beyond 2^24, keys and truth values are carried and stacked as they are', async () => {
    const [n, k, t] = [placeholder('n', { shape: [], dtype: 'i32' }), placeholder('k', { shape: [2], dtype: 'u32' }), placeholder('t', { shape: [2], dtype: 'bool' })]
    const doubled = bind('add', {}, n, n)
    const body = graphOf([n, k, t], [doubled, bind('randomBits', { shape: [2] }, k), bind('not', {}, t), doubled, k, t])
    await agrees([integers([], [2 ** 23 + 1]), valueOf('u32', [2], [7, 9]), valueOf('bool', [2], [1, 0])], (...operands) =>
      bindAll('scan', { body, constants: 0, carries: 3, length: 6, reverse: false }, ...operands)
    )
  })

  test('a loop in a branch, a branch in a loop, and a loop in a loop that reads what is outside', async () => {
    const [w, s, x] = [real('w', [2]), real('s', [2]), real('x', [2])]
    const inner = bindAll('scan', { body: graphOf([w, s], [bind('sin', {}, bind('add', {}, s, w)), bind('mul', {}, s, w)]), constants: 1, carries: 1, length: 3, reverse: true }, w, s)
    const body = graphOf([w, s, x], [bind('add', {}, inner[0] ?? s, x), bind('reduceSum', { axes: [0], keepDimensions: false }, inner[1] ?? s)])
    const loop = (...operands: readonly Tensor[]): readonly Tensor[] => bindAll('scan', { body, constants: 1, carries: 1, length: 4, reverse: false }, ...operands)
    const inputs = [uniform(key(3), [2], -1, 1), uniform(key(4), [2], -1, 1), uniform(key(5), [4, 2], -1, 1)]
    await agrees(inputs, loop)
    const branch = program(inputs, loop)
    for (const index of [0, 1]) {
      const other = program(inputs, (_w, begin, xs) => [begin ?? s, bind('reshape', { shape: [4, 2] }, xs ?? x)])
      await agrees([integers([], [index]), ...inputs], (i, ...operands) => (i === undefined ? [] : bindAll('cond', { branches: [branch, other] }, i, ...operands)))
    }
  })

  test('a matrix that all steps share, from outside or from the program itself', async () => {
    const [w, h, x] = [real('w', [5, 5]), real('h', [3, 5]), real('x', [3, 5])]
    const own = bind('constant', { value: uniform(key(9), [5, 5], -1, 1) })
    const turned = bind('transpose', { permutation: [1, 0] }, w)
    const next = bind('tanh', {}, bind('add', {}, bind('matmul', {}, bind('matmul', {}, h, turned), own), x))
    const body = graphOf([w, h, x], [next, bind('reduceMax', { axes: [1], keepDimensions: false }, next)])
    await agrees([uniform(key(6), [5, 5], -1, 1), uniform(key(7), [3, 5], -1, 1), uniform(key(8), [11, 3, 5], -1, 1)], (...operands) =>
      bindAll('scan', { body, constants: 1, carries: 1, length: 11, reverse: true }, ...operands)
    )
  })

  test('host functions between others, before and behind one another, in branches and in loops', async () => {
    const x = floats([2], [3, -1])
    const notes = await agrees([x], (a) => {
      if (a === undefined) return []
      const first = incremented(bind('mul', {}, a, a))
      const second = incremented(bind('sin', {}, first))
      const [s, e] = [real('s', [2]), real('e', [2])]
      const body = graphOf([s, e], [bind('add', {}, incremented(s), e), s])
      const loop = bindAll('scan', { body, constants: 0, carries: 1, length: 3, reverse: true }, second, bind('broadcastTo', { shape: [3, 2] }, a))
      const branches = [program([x], (b) => (b === undefined ? [] : [bind('neg', {}, b)])), program([x], (b) => (b === undefined ? [] : [incremented(bind('exp', {}, b))]))]
      const index = bind('cast', { dtype: 'i32' }, bind('less', {}, bind('constant', { value: scalar(0) }), bind('reduceSum', { axes: [0], keepDimensions: false }, first)))
      return [a, first, second, bind('add', {}, first, second), ...loop, ...bindAll('cond', { branches }, index, second), ...bindAll('cond', { branches }, bind('sub', {}, index, index), first)]
    })
    if (name !== 'reference') expect(notes.join(' ')).toContain('host function "increment" runs on the host')
  })

  test('a host function that throws, or answers something else than it declares, is an error that names it', async () => {
    const run = async (f: (x: HostValue) => readonly HostValue[]): Promise<E.Either<DeviceError, unknown>> => {
      const x = floats([2], [1, 2])
      const executable = await take(device.compile(program([x], (a) => (a === undefined ? [] : failing(f)(a)))))
      return executable.run([x])()
    }
    const error = (message: string) => ({ _tag: 'Left', left: { _tag: 'ExecutionFailed', message: expect.stringContaining(message) as unknown } })
    expect(await run(() => { throw new Error('no such file') })).toMatchObject(error('host function "failing": no such file'))
    expect(await run(() => [])).toMatchObject(error('host function "failing": expected 1 results, found 0'))
    expect(await run(() => [floats([3], [1, 2, 3])])).toMatchObject(error('host function "failing": result 0: expected f32[2], found f32[3] with 3 elements'))
    expect(await run(() => [integers([2], [1, 2])])).toMatchObject(error('host function "failing": result 0: expected f32[2], found i32[2] with 2 elements'))
  })

  test('state is advanced by a program with a loop and a host function', async () => {
    const state = floats([2], [1, 2])
    const step = trace(({ s }: { readonly s: Tensor<Shape, 'f32'> }) => bindAll('scan', { body: decay([2]), constants: 0, carries: 1, length: 2, reverse: false }, incremented(s), bind('broadcastTo', { shape: [2, 2] }, s)).slice(0, 1), { s: state }).graph
    const executable = await take(device.compile(step, { state: 1 }))
    const held = await take(device.hold([state]))
    await take(executable.advance(held, []))
    await take(executable.advance(held, []))
    const once = ([a = 0, b = 0]: readonly number[]): readonly number[] => [a, b].map((s) => 0.9 * (0.9 * (s + 1) + s) + s)
    const [found] = await take(held.read)
    once(once([1, 2])).forEach((value, index) => expect(found?.data[index]).toBeCloseTo(value, 4))
  })
})

describe('gpu.js', () => {
  test.each(['webasm', 'cpu'] as const)('values stay in the engine and none is left, in mode %s', async (mode) => {
    const device = await take(gpujsDevice({ mode }))
    const inputs = [floats([3], [1, 2, 3]), uniform(key(1), [40, 3], -1, 1)]
    const executable = await take(device.compile(program(inputs, (...operands) => bindAll('scan', { body: decay([3]), constants: 0, carries: 1, length: 40, reverse: true }, ...operands))))
    await take(executable.run(inputs))
    const before = device.counts()
    await take(executable.run(inputs))
    const after = device.counts()
    expect(after.live).toBe(before.live)
    expect(after.kernels).toBe(before.kernels)
    expect(after.reads - before.reads).toBe(3)
    device.close()
  })

  test('an index that is out of range in one step is an error, and releases all', async () => {
    const device = await take(gpujsDevice({ mode: 'webasm' }))
    const [s, x] = [real('s', [3]), real('x', [])]
    const place = bind('cast', { dtype: 'i32' }, bind('add', {}, x, x))
    const body = graphOf([s, x], [bind('add', {}, s, s), bind('gather', { axis: 0, batchDims: 0 }, s, place)])
    const inputs = (last: number): readonly HostValue[] => [floats([3], [1, 2, 3]), floats([7], [0, 1, 0, 0.5, 0, 0, last])]
    const executable = await take(device.compile(program(inputs(0), (...operands) => bindAll('scan', { body, constants: 0, carries: 1, length: 7, reverse: false }, ...operands))))
    await take(executable.run(inputs(1)))
    const { live } = device.counts()
    expect(await executable.run(inputs(1.5))()).toMatchObject({ _tag: 'Left', left: { message: expect.stringContaining('gather: index: 1 of 1 are not in [0, 3)') as unknown } })
    expect(device.counts().live).toBe(live)
    device.close()
  })
})

test('compile runs a host function on trees', async () => {
  const device = await devices['cpu through the C interface']()
  const f = ({ x }: { readonly x: Tensor<Shape, 'f32'> }) => increment({ x })
  const compiled = await take(compile(device)(f, { x: floats([2], [1, 2]) }))
  const { y, count } = await take(compiled.run({ x: floats([2], [5, 6]) }))
  expect([Array.from(y.data), Array.from(count.data)]).toEqual([[6, 7], [2]])
  expect(compiled.report.segments).toBe(0)
})
