import { parseArgs } from 'node:util'
import { messageOf } from '@tabula/tensor'
import { instances, sizedPrograms } from '@tabula/tensor/testing'
import { modes } from './task.js'
import type { CheckName, Mode } from './task.js'

/** What is checked in each mode, in this order. */
export const checks = ['primitives', 'step', 'fixture', 'course'] as const
export type Check = (typeof checks)[number]

/** What `npm run test:gpu` takes. */
export const usage = `npm run test:gpu -- [--mode NAME[,NAME…]] [--check NAME[,NAME…]] [--primitive NAME[,NAME…]] [--runs N] [--seed N] [--steps N] [--minutes N]

Checks the gpu.js device in each mode of gpu.js: cpu and webasm in Node, webasm, webgl2 and webgpu in a headless Chromium, headlessgl
on a virtual display. --check takes some of
  primitives  drawn instances of every primitive (or of each --primitive), --runs of each (12), against the reference interpreter,
              and programs at sizes and with numbers that are seldom drawn, each by its name: ${Object.keys(sizedPrograms).join(', ')}
  step        a training step of a small Mask R-CNN: losses, gradients and all that SGD changes, against the CPU device
  fixture     the same of the recorded Mask R-CNN
  course      --steps (40) of the small Mask R-CNN on four drawn scenes: the first 20 losses against the CPU device's, drawn as a page;
              then what the engine and the processes hold, which must stay the same
A mode without what it needs is skipped, with the reason and what to install; so is what is not begun after so many --minutes.
Exit code 0: nothing differs. 1: something does. 2: the command line is wrong.`

/** The command line as it was meant. */
export interface Options {
  readonly modes: readonly Mode[]
  readonly checks: readonly Check[]
  readonly primitives: readonly CheckName[]
  readonly runs: number
  readonly seed: number
  readonly steps: number
  /** No mode and no check is begun after this time (of `Date.now`). */
  readonly deadline: number
}

/** Thrown where the command line is wrong; the message says how. */
export class Misused extends Error {
  override readonly name = 'Misused'
}

const listed = <A extends string>(what: string, text: string | undefined, all: readonly A[]): readonly A[] => {
  if (text === undefined) return all
  return text.split(',').map((name) => {
    const known = all.find((one) => one === name)
    if (known === undefined) throw new Misused(`--${what} ${name}: expected some of ${all.join(', ')}`)
    return known
  })
}

const count = (what: string, text: string | undefined, usual: number, least = 1): number => {
  const number = text === undefined ? usual : Number(text)
  if (!Number.isInteger(number) || number < least) throw new Misused(`--${what} ${text ?? ''}: expected a whole number from ${least}`)
  return number
}

const parsed = (args: readonly string[]) => {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...args], options: { mode: text, check: text, primitive: text, runs: text, seed: text, steps: text, minutes: text, help: { type: 'boolean' } } }).values
  } catch (thrown) {
    throw new Misused(messageOf(thrown))
  }
}

/** Reads the arguments; `undefined` where help is asked for. Throws `Misused` where they are wrong. */
export const readOptions = (args: readonly string[]): Options | undefined => {
  const { mode, check, primitive, runs, seed, steps, minutes, help } = parsed(args)
  if (help === true) return undefined
  return {
    modes: listed('mode', mode, modes),
    checks: listed('check', check, checks),
    // Object.keys of a record over the union are its members; the compiler only knows strings.
    primitives: listed('primitive', primitive, [...Object.keys(instances), ...Object.keys(sizedPrograms)] as readonly CheckName[]),
    runs: count('runs', runs, 12),
    seed: count('seed', seed, 1),
    steps: count('steps', steps, 40, 20),
    deadline: minutes === undefined ? Infinity : Date.now() + 60_000 * count('minutes', minutes, 1)
  }
}
