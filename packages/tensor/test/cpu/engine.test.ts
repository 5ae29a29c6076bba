import { either as E } from 'fp-ts'
import { describe, expect, it } from 'vitest'
import { chooseEngine } from '../../src/device/cpu/engine/choose.js'
import type { EnginePath } from '../../src/device/cpu/engine/choose.js'
import type { Engine, Signature } from '../../src/device/cpu/engine/engine.js'
import { findLibrary } from '../../src/device/cpu/engine/library.js'
import { encode, onnxBuilder } from '../../src/device/cpu/onnx/builder.js'

const open = async (engine: EnginePath, threads: number): Promise<Engine> => {
  const chosen = await chooseEngine({ engine, threads })()
  if (E.isLeft(chosen)) throw new Error(chosen.left.message)
  return chosen.right.engine
}

/** y = relu(x) + 1 and the number of positive elements, as a model. */
const model = (length: number): { readonly bytes: Uint8Array; readonly signature: Signature } => {
  const builder = onnxBuilder()
  const x = builder.input('x', 'float', [length])
  builder.output(builder.op('Add', [builder.op('Relu', [x]), builder.floats([1])]), 'y', 'float', [length])
  const positive = builder.op('Cast', [builder.op('Greater', [x, builder.floats([0])])], { to: 6 })
  builder.output(builder.op('ReduceSum', [positive], { keepdims: 1 }), 'count', 'int32', [1])
  return {
    bytes: encode(builder),
    signature: {
      inputs: [{ name: 'x', type: 'float', dims: [length] }],
      outputs: [
        { name: 'y', type: 'float', dims: [length] },
        { name: 'count', type: 'int32', dims: [1] }
      ]
    }
  }
}

describe.each(['c-api', 'binding'] as const)('the engine %s', (path) => {
  it.each([1, 2])('runs a model on %i threads', async (threads) => {
    const engine = await open(path, threads)
    const { bytes, signature } = model(1000)
    const session = await engine.load(bytes, signature)()
    if (E.isLeft(session)) throw new Error(session.left.message)
    const x = Float32Array.from({ length: 1000 }, (_, k) => k - 500)
    const ran = await session.right.run([x], [])()
    expect(ran).toEqual(E.right([x.map((v) => Math.max(v, 0) + 1), Int32Array.of(499)]))
    session.right.release()
  })

  it('answers a value for a model that is none', async () => {
    const engine = await open(path, 1)
    const loaded = await engine.load(Uint8Array.of(1, 2, 3), { inputs: [], outputs: [] })()
    expect(E.isLeft(loaded)).toBe(true)
  })
})

describe('the C interface', () => {
  it('writes into the arrays it is given', async () => {
    const engine = await open('c-api', 2)
    const { bytes, signature } = model(64)
    const session = await engine.load(bytes, signature)()
    if (E.isLeft(session)) throw new Error(session.left.message)
    const spare = new Float32Array(64)
    const ran = await session.right.run([new Float32Array(64).fill(2)], [spare, undefined])()
    if (E.isLeft(ran)) throw new Error(ran.left.message)
    expect(ran.right[0]).toBe(spare)
    expect(spare[63]).toBe(3)
  })

  it('keeps its library open while only sessions are left', async () => {
    // koffi closes a library that nothing refers to; with one thread nothing else keeps it mapped either.
    const { bytes, signature } = model(256)
    const engine = await open('c-api', 1)
    const session = await engine.load(bytes, signature)()
    if (E.isLeft(session)) throw new Error(session.left.message)
    const pressure: unknown[] = []
    for (let round = 0; round < 200; round++) {
      pressure.push(new Array(10_000).fill(round))
      if (round % 20 === 0) {
        pressure.length = 0
        await new Promise((resolve) => setImmediate(resolve))
        const ran = await session.right.run([new Float32Array(256)], [])()
        expect(E.isRight(ran)).toBe(true)
      }
    }
  })

  it('is chosen by itself, after its self-test', async () => {
    const chosen = await chooseEngine({ threads: 1 })()
    if (E.isLeft(chosen)) throw new Error(chosen.left.message)
    expect(chosen.right.engine.description).toMatch(/^onnxruntime \d+\.\d+\.\d+ through its C interface$/)
    expect(chosen.right.notes).toEqual([])
  })
})

describe('findLibrary', () => {
  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'arm64'],
    ['win32', 'x64']
  ])('knows the file for %s on %s', (platform, architecture) => {
    expect(E.isRight(findLibrary(platform, architecture))).toBe(true)
  })

  it('says so where there is none', () => {
    expect(findLibrary('aix', 'ppc64')).toEqual(E.left({ message: 'onnxruntime-node has no library for aix on ppc64.' }))
  })
})
