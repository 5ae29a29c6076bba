import { readFileSync } from 'node:fs'
import type { Device, numpy as np } from '@jax-js/jax'
import { sizeOf } from '@tabula/tensor'
import type { Case, Contestant, Derivative } from '../case.js'
import { directionOf, weight } from '../numbers.js'

/** jax-js asks `navigator` about the browser, which Node 20 lacks; the module is loaded after it is there. */
export const loadJax = async (): Promise<typeof import('@jax-js/jax')> => {
  if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js', hardwareConcurrency: 1 }, configurable: true })
  return import('@jax-js/jax')
}

type Loss = (...args: np.Array[]) => np.Array

/** jax-js on one of its devices. */
export const jax = async (device: Device): Promise<Contestant> => {
  const { init, defaultDevice, numpy, grad, jvp } = await loadJax()
  await init(device)
  defaultDevice(device)
  const array = (shape: readonly number[], data: readonly number[]): np.Array => numpy.array(Float32Array.from(data), { shape: [...shape] })

  const lossOf = ({ jax, name }: Case): Loss => {
    if (jax === undefined) throw new ReferenceError(`jax-js has no ${name}`)
    return (...args) => {
      const y = jax(...args)
      const weights = array(y.shape, Array.from({ length: sizeOf(y.shape) }, (_, k) => weight(k)))
      return numpy.sum(weights.mul(y.ref.add(y.ref.mul(y).mul(0.5))))
    }
  }
  const argumentsOf = ({ at }: Case): np.Array[] => at.map(({ shape, data }) => array(shape, data))
  const directionsOf = (c: Case): np.Array[] => directionOf(c).map((data, k) => array(c.at[k]?.shape ?? [], data))
  const gradientsOf =
    (c: Case, f: Loss) =>
    (...args: np.Array[]): np.Array[] =>
      // The number of arguments is known to the case alone; with a list of them, jax-js answers a list.
      grad(f, { argnums: c.at.map((_, k) => k) })(...args) as unknown as np.Array[]

  const derive = (c: Case, derivative: Derivative): readonly np.Array[] => {
    const loss = lossOf(c)
    const args = argumentsOf(c)
    switch (derivative) {
      case 'grad':
        return gradientsOf(c, loss)(...args)
      case 'jvp':
        return [jvp(loss, args, directionsOf(c))[1]]
      case 'grad of grad': {
        const along: Loss = (...args) => {
          const v = directionsOf(c)
          return gradientsOf(c, loss)(...args)
            .map((g, k) => numpy.sum(g.mul(v[k] ?? 1)))
            .reduce((a, b) => a.add(b))
        }
        return gradientsOf(c, along)(...args)
      }
      case 'jvp of grad':
        return jvp(gradientsOf(c, loss), args, directionsOf(c))[1]
    }
  }

  const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'))
  return {
    name: `jax-js (${device})`,
    version: JSON.parse(readFileSync(manifest, 'utf8')).version,
    derivatives: ['grad', 'jvp', 'grad of grad', 'jvp of grad'],
    has: (c) => c.jax !== undefined,
    value: async (c) => (await lossOf(c)(...argumentsOf(c)).data())[0] ?? NaN,
    derive: async (c, derivative) => {
      const results: (readonly number[])[] = []
      for (const x of derive(c, derivative)) results.push(Array.from(await x.data()))
      return results
    }
  }
}
