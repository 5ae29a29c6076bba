import { namesIn, optionsIn } from '../command-line.js'

/** What `npm run compare:gradients` takes. */
export const usage = `npm run compare:gradients -- [--only LIBRARY[,LIBRARY…]] [--tfjs cpu|wasm] [--jax wasm|cpu]

Runs TensorFlow.js, jax-js and Tabula in this process, asks each for the derivatives of the same functions, and compares what they answer
with differences in double precision. Prints a table in Markdown, with notes on whatever throws or is wrong.

--only  some of tabula, tfjs, jax (all)
--tfjs  the backend of TensorFlow.js (cpu)
--jax   the device of jax-js (wasm)

Begins with how many derivatives each library got right. Exit code 2 where the command line is wrong.`

const libraries = ['tfjs', 'jax', 'tabula'] as const

/** The command line as it was meant. */
export interface Options {
  readonly only: readonly (typeof libraries)[number][]
  readonly tfjs: 'cpu' | 'wasm'
  readonly jax: 'cpu' | 'wasm'
}

const backends = ['cpu', 'wasm'] as const

/** Reads the arguments; `undefined` where help is asked for. Throws `Misused` where they are wrong. */
export const readOptions = (args: readonly string[]): Options | undefined => {
  const { only, tfjs, jax, help } = optionsIn(args, ['only', 'tfjs', 'jax'], ['help'])
  if (help === true) return undefined
  const [onTfjs = 'cpu'] = namesIn('tfjs', tfjs ?? 'cpu', backends)
  const [onJax = 'wasm'] = namesIn('jax', jax ?? 'wasm', backends)
  const asked = namesIn('only', only, libraries)
  return { only: libraries.filter((name) => asked.includes(name)), tfjs: onTfjs, jax: onJax }
}
