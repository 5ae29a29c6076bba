import { integers } from '../../../value.js'
import type { Program, ProgramStep, Stack } from '../lower/recipe.js'
import type { Cell, Cells } from './cells.js'
import type { Guarded, Nested } from './nested.js'

type LoopStep = Extract<ProgramStep, { readonly _tag: 'loop' }>

/** The cells that a loop reads, which stay the caller's. */
interface Operands {
  readonly constants: readonly Cell[]
  readonly carries: readonly Cell[]
  readonly xs: readonly Cell[]
}

/** A loop that an engine can run. */
export interface Loop {
  /** The cells of the last carries and of each ys, each with a reference of the caller's. */
  readonly run: (operands: Operands, guarded: Guarded[]) => Promise<readonly Cell[]>
  /** The programs that it is made of. */
  readonly programs: readonly Nested[]
}

/** Joins the slices of one ys. */
interface Stacking {
  /** Takes a slice over, and its reference. */
  readonly push: (slice: Cell, guarded: Guarded[]) => Promise<void>
  /** All of it, with a reference of the caller's. */
  readonly finish: (guarded: Guarded[]) => Promise<Cell>
  /** Releases what is still held. */
  readonly release: () => void
}

const only = ([cell]: readonly Cell[]): Cell => {
  if (cell === undefined) throw new ReferenceError('slices were joined to nothing')
  return cell
}

const stackingOf = ({ width, groups, rest }: { readonly width: number; readonly groups: readonly Nested[]; readonly rest: Nested }, { release }: Cells): Stacking => {
  /** Parts of each level, in the order in which they were made. */
  const levels: Cell[][] = []
  const takeAll = async (program: Nested, parts: readonly Cell[], guarded: Guarded[]): Promise<Cell> => {
    try {
      return only(await program.within(parts, guarded))
    } finally {
      parts.forEach(release)
    }
  }
  return {
    push: async (slice, guarded) => {
      let part = slice
      for (let level = 0; ; level++) {
        const parts = (levels[level] ??= [])
        parts.push(part)
        const group = groups[level]
        if (parts.length < width || group === undefined) return
        part = await takeAll(group, parts.splice(0), guarded)
      }
    },
    finish: (guarded) => takeAll(rest, levels.splice(0).reverse().flat(), guarded),
    release: () => levels.splice(0).flat().forEach(release)
  }
}

/** A loop's rounds one after another. What a round leaves stays in the engine until the next has read it. */
export const loopOf = (step: LoopStep, cells: Cells, prepared: (program: Program) => Nested): Loop => {
  const body = prepared(step.body)
  const stacks = step.stacks.map(({ width, groups, rest }: Stack) => ({ width, groups: groups.map(prepared), rest: prepared(rest) }))
  const { length, reverse } = step
  const run: Loop['run'] = async ({ constants, carries, xs }, guarded) => {
    const stackings = stacks.map((stack) => stackingOf(stack, cells))
    /** What this loop holds a reference to. */
    let held: Cell[] = carries.map(cells.retain)
    try {
      for (let round = 0; round < length; round++) {
        const position = cells.ofHost(integers([], [reverse ? length - 1 - round : round]))
        const before = held
        try {
          held = [...before, ...(await body.within([...constants, ...before, ...xs, position], guarded))]
        } finally {
          cells.release(position)
        }
        held.splice(0, before.length).forEach(cells.release)
        for (const stacking of stackings) await stacking.push(only(held.splice(carries.length, 1)), guarded)
      }
      for (const stacking of stackings) held.push(await stacking.finish(guarded))
      return held.splice(0)
    } finally {
      held.forEach(cells.release)
      stackings.forEach(({ release }) => release())
    }
  }
  return { run, programs: [body, ...stacks.flatMap(({ groups, rest }) => [...groups, rest])] }
}
