import { either as E } from 'fp-ts'
import { add, compile, floats, messageOf, showError } from '@tabula/tensor'
import type { DeviceError, HostValue } from '@tabula/tensor'
import { gpujsDevice } from '@tabula/tensor/gpujs'
import type { Finding, Mode } from './task.js'

/** What can be taken away: devices of WebGPU, contexts of WebGL. */
interface Losable {
  readonly destroy?: () => void
  readonly getExtension?: (name: string) => { readonly loseContext?: () => void } | null
}

type Method = (this: unknown, ...given: readonly unknown[]) => unknown

/** Has a class of the browser keep what a method of its answers; what is not there is left alone. */
const observe = (className: string, method: string, keep: (made: Losable) => void): void => {
  const prototype: unknown = (Reflect.get(globalThis, className) as { readonly prototype?: unknown } | undefined)?.prototype
  if (typeof prototype !== 'object' || prototype === null) return
  const original = Reflect.get(prototype, method) as Method
  Reflect.set(prototype, method, function (this: unknown, ...given: readonly unknown[]): unknown {
    const made = original.apply(this, [...given])
    void Promise.resolve(made).then((value) => {
      if (typeof value === 'object' && value !== null) keep(value)
    })
    return made
  })
}

const told = (error: DeviceError): string | undefined => {
  if (error._tag !== 'ExecutionFailed') return `the error is ${error._tag}`
  if (!/lost/.test(error.message)) return `the error does not say that the device is lost: ${error.message}`
  return undefined
}

/** What is wrong with the answers of a program whose adapter is taken away after it has run; `undefined` where nothing is. */
const lossOf = async (mode: Mode): Promise<string | undefined> => {
  const made: Losable[] = []
  const keep = (value: Losable): void => void made.push(value)
  observe('GPUAdapter', 'requestDevice', keep)
  observe('HTMLCanvasElement', 'getContext', keep)
  observe('OffscreenCanvas', 'getContext', keep)
  const opened = await gpujsDevice({ mode })()
  if (E.isLeft(opened)) return showError(opened.left)
  const x: HostValue = floats([3], [1, 2, 3])
  const program = await compile(opened.right)((a) => add(a, a), x)()
  const state = await opened.right.hold([x])()
  if (E.isLeft(program) || E.isLeft(state)) return 'the program is refused'
  const before = await program.right.run(x)()
  if (E.isLeft(before) || before.right.data[2] !== 6) return 'the program does not run before'
  made.forEach((one) => {
    one.destroy?.()
    one.getExtension?.('WEBGL_lose_context')?.loseContext?.()
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const after = await program.right.run(x)()
  if (E.isRight(after)) return `a run on a lost device answers ${String(after.right.data)}`
  const read = await state.right.read()
  if (E.isRight(read)) return 'a state of a lost device can be read'
  return told(after.left) ?? told(read.left) ?? (/a program of \d+ kernels/.test(showError(after.left)) ? undefined : 'the error does not name the plan')
}

/**
 * Takes the adapter away from a program that has run, as a reset of its driver does, and asks for another run and for held state: both
 * should be error values that say so, the first with the program's plan. In a browser, in mode `webgl2` or `webgpu`; the page is of no
 * use afterwards.
 */
export const takeDeviceAway = async (mode: Mode): Promise<Finding> => {
  const wrong = await lossOf(mode).catch((thrown: unknown) => `it throws: ${messageOf(thrown)}`)
  return wrong === undefined ? { _tag: 'lost' } : { _tag: 'lost', wrong }
}
