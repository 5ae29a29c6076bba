import koffi from 'koffi'
import { either as E } from 'fp-ts'
import { encode, onnxBuilder } from '../onnx/builder.js'
import { cApiEngine } from './c-api-engine.js'
import type { Signature } from './engine.js'
import { findLibrary } from './library.js'

/**
 * The program of the child process that tries the C interface before the real one trusts it: a wrong function table or a
 * stack that is too small kills a process, and better this one. Exits with 0 where a small model runs and answers what it must.
 */
const selfTest = async (threads: number): Promise<string | undefined> => {
  const size = 64
  const dims = [size, size] as const
  const builder = onnxBuilder()
  const x = builder.input('x', 'float', dims)
  const product = builder.op('Gemm', [x, x], { transB: 1 })
  builder.output(builder.op('Relu', [product]), 'y', 'float', dims)
  const signature: Signature = {
    inputs: [{ name: 'x', type: 'float', dims }],
    outputs: [{ name: 'y', type: 'float', dims }]
  }
  const library = findLibrary()
  if (E.isLeft(library)) return library.left.message
  const engine = cApiEngine(koffi, library.right, { threads })
  if (E.isLeft(engine)) return engine.left.message
  const session = await engine.right.load(encode(builder), signature)()
  if (E.isLeft(session)) return session.left.message
  // The identity times itself; a result that is reused as the next run's input shows that memory is shared and in place.
  let array: Float32Array = Float32Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 2 : 0))
  for (const expected of [4, 16, 256]) {
    const ran = await session.right.run([array], [undefined])()
    if (E.isLeft(ran)) return ran.left.message
    const [y] = ran.right
    if (!(y instanceof Float32Array) || y[0] !== expected || y[1] !== 0) return `computed ${String(y?.[0])} for ${expected}`
    array = y
  }
  session.right.release()
  return undefined
}

const complaint = await selfTest(Number(process.argv[2] ?? '1')).catch((thrown: unknown) => String(thrown))
if (complaint !== undefined) {
  process.stderr.write(complaint)
  process.exitCode = 1
}
