import { mostFlatElements } from '../../engine/engine.js'
import type { KernelSource } from '../../engine/engine.js'
import { digit, settled } from '../../kernel/forms.js'
import type { Digit, Form } from '../../kernel/forms.js'
import { coefficientOf, joinedDigits } from '../../kernel/joined.js'
import type { Joined } from '../../kernel/joined.js'
import { decodeThread, plainIndex, writer } from '../../kernel/writer.js'
import type { Writer } from '../../kernel/writer.js'
import { dependsOn, partRounds, writeStart } from './addresses.js'
import type { Addresses, Start } from './addresses.js'
import { partsOfSum, plannedFor } from './loops.js'
import type { Loop } from './loops.js'
import type { Packed } from './packing.js'
import { distributed, threadCount } from './threads.js'

/** The kernels of a contraction of operands in texels. */
export interface Tiled {
  /** (left, right) in texels, exchanged where `exchanged`, → tiles of 2 × 2 results as texels, the parts of long sums first. */
  readonly product: KernelSource
  readonly exchanged: boolean
  /** (tiles) → results, the sums of their parts. */
  readonly results: KernelSource
  /** Texels that are read, of operands and of tiles, and those that packing them read: what a run takes. */
  readonly reads: number
}

const place = (k: number): string => `[${k}]`

/** What of a size is computed where it goes by two. */
const waste = ({ size }: Joined): number => (2 * Math.ceil(size / 2)) / size

/** The coordinate that goes by two: of those that are as even, the innermost. */
const halvedOf = (coordinates: readonly Joined[]): Joined | undefined =>
  coordinates.filter(({ size }) => size > 1).reduce<Joined | undefined>((best, each) => (best === undefined || waste(each) <= waste(best) ? each : best), undefined)

/** A form whose coordinates are replaced by ones that go by two. */
const inTiles = (form: Form, tiles: ReadonlyMap<Digit, Digit>): Form => ({
  base: form.base,
  terms: new Map([...form.terms].map(([coordinate, factor]) => {
    const tile = tiles.get(coordinate)
    return tile === undefined ? [coordinate, factor] : [tile, 2 * factor]
  }))
})

/** Writes loops over running addresses, which add the products of two texels of each operand to four sums. */
const writeLoops = (w: Writer, all: readonly Loop[], { addresses: [p, q], starts }: Start, [across, down]: Addresses): readonly string[] => {
  const totals = [0, 1, 2, 3].map(() => w.name('t'))
  const bounds = all.map((loop, level) => partRounds(w, loop, starts[level]))
  // What is left in parts of one round each is no loop.
  const levels = all.flatMap((loop, level) => (loop.block === 1 ? [] : [{ loop, bound: bounds[level] ?? w.scalar(loop.size) }]))
  const steps = levels.map(({ loop: { strides } }, level): Addresses => {
    const within = levels[level + 1]?.loop
    // The loop within has gone through all of its coordinate, unless it is the outermost.
    const step = (operand: 0 | 1): string => w.scalar(strides[operand] - (within === undefined ? 0 : within.size * within.strides[operand]))
    return [w.whole('d', step(0)), w.whole('e', step(1))]
  })
  totals.forEach((total) => w.line(`let ${total} = 0;`))
  levels.forEach(({ bound }) => {
    const k = w.name('k')
    w.line(`for (let ${k} = 0; ${k} < ${bound}; ${k}++) {`)
  })
  const texels = (seat: number, at: string, next: string): readonly [string, string] => [w.constant(`a${seat}[${at}]`), w.constant(`a${seat}[${at} + ${next}]`)]
  const [rows, columns] = [texels(0, p, across), texels(1, q, down)]
  totals.forEach((total, k) => {
    const [row, column] = [rows[k < 2 ? 0 : 1], columns[k % 2 === 0 ? 0 : 1]]
    w.line(`${total} += ${[0, 1, 2, 3].map((each) => `${row}${place(each)} * ${column}${place(each)}`).join(' + ')};`)
  })
  for (const [d, e] of [...steps].reverse()) w.line(`${p} += ${d}; ${q} += ${e}; }`)
  return totals
}

/** The kernel that takes tiles apart: each result finds its tile, adds up the tile's parts and takes its own number. */
const untiled = (coordinates: readonly Joined[], halves: ReadonlyMap<Joined, Joined>, [across, down]: readonly [Joined, Joined], parts: number): KernelSource => {
  const w = writer()
  const names = decodeThread(w, coordinates.map(({ size }) => size))
  const nameOf = (coordinate: Joined): string => names[coordinates.indexOf(coordinate)] ?? '0'
  const half = new Map([across, down].map((each) => [each, w.constant(`Math.floor((${nameOf(each)} + 0.5) / 2)`)]))
  const rest = (each: Joined): string => `(${nameOf(each)} - ${half.get(each) ?? '0'} * 2)`
  const own = w.constant(`${rest(across)} * 2 + ${rest(down)}`)
  let stride = 1
  const terms = [...coordinates].reverse().map((each) => {
    const size = (halves.get(each) ?? each).size
    const term = { name: half.get(each) ?? nameOf(each), size, stride, literal: stride === 1 }
    stride *= size
    return term
  })
  const tile = w.constant(plainIndex(w, 0, terms))
  const chosen = (numbers: readonly string[]): string => `${own} < 1.5 ? (${own} < 0.5 ? ${numbers[0] ?? '0'} : ${numbers[1] ?? '0'}) : (${own} < 2.5 ? ${numbers[2] ?? '0'} : ${numbers[3] ?? '0'})`
  const count = coordinates.reduce((product, { size }) => product * size, 1)
  if (parts === 1) {
    const texel = w.constant(`a0[${tile}]`)
    return w.kernel(1, count, chosen([0, 1, 2, 3].map((k) => `${texel}${place(k)}`)))
  }
  const totals = [0, 1, 2, 3].map(() => w.name('t'))
  totals.forEach((total) => w.line(`let ${total} = 0;`))
  w.line(`for (let k = 0; k < ${w.scalar(parts)}; k++) {`)
  const texel = w.constant(`a0[${tile} + k * ${w.scalar(stride)}]`)
  totals.forEach((total, k) => w.line(`${total} += ${texel}${place(k)};`))
  w.line('}')
  return w.kernel(1, count, chosen(totals))
}

/**
 * A contraction of operands in texels: a thread reads two texels of each operand and adds up sixteen products for four results. A tile reaches
 * along a coordinate on which the left operand alone depends and one of the right's; `undefined` where there are none, or where something
 * is too large for one index.
 */
export const tiledContraction = ({ outer, inner, left, right }: Packed): Tiled | undefined => {
  const texels = [left, right].map(({ sizes }) => sizes.reduce((product, size) => product * size, 1))
  if (texels.some((count) => count > mostFlatElements)) return undefined
  const plain = [settled(left.texel), settled(right.texel)] as const
  const coordinates = joinedDigits(outer, plain, mostFlatElements)
  const count = threadCount(coordinates)
  if (count > mostFlatElements) return undefined
  const only = (operand: 0 | 1) => ({ last }: Joined): boolean => coefficientOf(plain[operand], last) !== 0 && coefficientOf(plain[1 - operand] ?? plain[0], last) === 0
  const [ofLeft, ofRight] = [halvedOf(coordinates.filter(only(0))), halvedOf(coordinates.filter(only(1)))]
  if (ofLeft === undefined || ofRight === undefined) return undefined
  const halves = new Map([ofLeft, ofRight].map((each): readonly [Joined, Joined] => {
    const size = Math.ceil(each.size / 2)
    return [each, { size, last: digit(size) }]
  }))
  const tiles = new Map([...halves].map(([each, half]) => [each.last, half.last]))
  const forms = [inTiles(plain[0], tiles), inTiles(plain[1], tiles)] as const
  const across = coordinates.map((each) => halves.get(each) ?? each)
  const threads = distributed(across, forms)
  if (threads === undefined) return undefined
  const exchanged = !dependsOn(forms[0], threads.x)
  const [a, b] = exchanged ? [1, 0] as const : [0, 1] as const
  const ordered = [forms[a], forms[b]] as const
  const halved = exchanged ? [ofRight, ofLeft] as const : [ofLeft, ofRight] as const
  const sum = plannedFor(joinedDigits(inner, ordered, mostFlatElements), ordered, [], threadCount(across), threadCount(threads.z), 4)
  if (sum === undefined) return undefined
  const parts = partsOfSum(sum)
  const w = writer()
  const next: Addresses = [w.whole('d', w.scalar(coefficientOf(plain[a], halved[0].last))), w.whole('e', w.scalar(coefficientOf(plain[b], halved[1].last)))]
  const totals = writeLoops(w, sum.loops, writeStart(w, threads, sum, ordered), next)
  const output = [threadCount(threads.x), threadCount(threads.y), parts * threadCount(threads.z)] as const
  const rounds = inner.reduce((product, { size }) => product * size, 1)
  return {
    product: w.texels(2, threadCount(across) * parts, totals, output),
    exchanged,
    results: untiled(coordinates, halves, halved, parts),
    reads: 4 * rounds * threadCount(across) + 8 * texels.reduce((total, each) => total + each, 0) + 3 * count
  }
}
