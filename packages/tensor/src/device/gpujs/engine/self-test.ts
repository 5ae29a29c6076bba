import type { Engine, KernelSource, Resident } from './engine.js'
import { EngineFailure, rowLength } from './engine.js'

/** A question to an engine whose answer is known. */
interface Probe {
  readonly name: string
  readonly operands: readonly Float32Array[]
  readonly kernel: KernelSource
  readonly expected: readonly number[]
  /** The largest error, relative where the expected number is above 1; 0 compares exactly. */
  readonly tolerance: number
}

const range = (length: number, of: (index: number) => number): number[] => Array.from({ length }, (_, index) => of(index))

const flat = (source: string, operands: readonly (readonly number[])[], scalars: readonly number[], elements: number): Pick<Probe, 'kernel' | 'operands'> => ({
  operands: operands.map((numbers) => Float32Array.from(numbers)),
  kernel: { source, arrays: operands.length, scalars, elements, output: [elements] }
})

/** Quotient and remainder, as kernels take indices apart. */
const division = 'function(a0, a1, s0, s1) { const v = a0[this.thread.x]; const q = Math.floor(v / s0); const r = v - q * s0; if (a1[this.thread.x] > 0) { return q; } return r + s1; }'

/** One text for every divisor, and for operands of different sizes. */
const divisions: readonly Probe[] = [2, 3, 7, 49, 91, 1000, 4096].flatMap((divisor, position) => {
  const numbers = [...range(40 + position, (i) => i), ...range(60, (i) => 2 ** 23 - 1 - i), ...range(20, (i) => Math.floor((2 ** 23 - 1) / divisor - i) * divisor)]
  const wanted = (quotient: boolean): Probe => ({
    name: `floor division by ${divisor}${quotient ? '' : ', remainder'}`,
    ...flat(division, [numbers, numbers.map(() => (quotient ? 1 : 0))], [divisor, 0], numbers.length),
    expected: numbers.map((x) => (quotient ? Math.floor(x / divisor) : x % divisor)),
    tolerance: 0
  })
  return [wanted(true), wanted(false)]
})

const functions = 'function(a0, a1) { const x = a0[this.thread.x]; const f = a1[this.thread.x]; if (f < 0.5) { return Math.exp(x); } if (f < 1.5) { return Math.log(x); } if (f < 2.5) { return Math.sqrt(x); } if (f < 3.5) { return Math.floor(x); } if (f < 4.5) { return 1 / x; } return Math.abs(x); }'

const arithmetic = (): Probe => {
  const points = [0.25, 1, 2.75, 10.5]
  const known: readonly ((x: number) => number)[] = [Math.exp, Math.log, Math.sqrt, Math.floor, (x) => 1 / x, Math.abs]
  const operands = [known.flatMap(() => points), known.flatMap((_, index) => points.map(() => index))]
  return {
    name: 'exp, log, sqrt, floor, division, abs',
    ...flat(functions, operands, [], points.length * known.length),
    expected: known.flatMap((f) => points.map(f)),
    tolerance: 1e-5
  }
}

const specials = [NaN, Infinity, -Infinity, 0, -0, 1, -1.5, 2 ** 24, 2 ** 127]

const probes: readonly Probe[] = [
  ...divisions,
  { name: 'special values pass through', ...flat('function(a0) { return a0[this.thread.x]; }', [specials], [], specials.length), expected: specials, tolerance: 0 },
  {
    name: 'a NaN is told from numbers',
    ...flat('function(a0) { const x = a0[this.thread.x]; if (x <= 0 || x > 0) { return 0; } return 1; }', [specials], [], specials.length),
    expected: specials.map((x) => (Number.isNaN(x) ? 1 : 0)),
    tolerance: 0
  },
  arithmetic(),
  {
    name: 'a loop of 5,000 rounds bounded by an argument',
    ...flat('function(a0, s0) { let s = 0; for (let r = 0; r < s0; r++) { s += a0[this.thread.x]; } return s; }', [[1, 2]], [5000], 2),
    expected: [5000, 10_000],
    tolerance: 0
  },
  {
    name: 'six operands, a gather and a fraction as an argument',
    ...flat('function(a0, a1, a2, a3, a4, a5, s0) { const i = this.thread.x; const k = a5[i]; return (a0[k] + a1[i] + a2[i] + a3[i] + a4[i]) * s0; }', [[1, 2, 3], [10, 20, 30], [100, 200, 300], [1000, 2000, 3000], [10_000, 20_000, 30_000], [2, 0, 1]], [0.5], 3),
    expected: [5556.5, 11_110.5, 16_666],
    tolerance: 0
  }
]

/** Threads in two and three dimensions, over and into flat values. */
const threads = (engine: Engine, source: Resident): readonly (readonly [string, Resident, readonly number[]])[] => {
  const planes: KernelSource = {
    source: 'function(a0, s0) { return a0[this.thread.y * s0 + this.thread.x] * 10 + this.thread.z; }',
    arrays: 1,
    scalars: [5],
    elements: 30,
    output: [5, 3, 2]
  }
  const cube = engine.dispatch(planes, [source])
  const again: KernelSource = { source: 'function(a0, a1) { return a0[this.thread.x] + a1[this.thread.x]; }', arrays: 2, scalars: [], elements: 30, output: [30] }
  const sum = engine.dispatch(again, [cube, cube])
  const twice = engine.dispatch(again, [sum, cube])
  const rows = engine.dispatch({ source: `function() { return this.thread.y * ${rowLength} + this.thread.x; }`, arrays: 0, scalars: [], elements: rowLength * 2, output: [rowLength, 2] }, [])
  const shifted = engine.dispatch(
    { source: 'function(a0) { let x = this.thread.x + 1; let y = this.thread.y; if (x > 4095.5) { x = 0; y = 1 - y; } return a0[y][x]; }', arrays: 1, scalars: [], elements: rowLength * 2, output: [rowLength, 2] },
    [rows]
  )
  const planesOf = range(30, (i) => (i % 15) * 10 + Math.floor(i / 15))
  engine.release(rows)
  return [
    ['threads in three dimensions', cube, planesOf],
    ['one value in two seats', sum, planesOf.map((x) => 2 * x)],
    ['a second result of a kernel beside its first', twice, planesOf.map((x) => 3 * x)],
    ['rows of a large value', shifted, range(rowLength * 2, (i) => (i + 1) % (rowLength * 2))]
  ]
}

/** The first number that is not the expected one; `undefined` where all are. */
const wrong = (found: Float32Array, expected: readonly number[], tolerance: number): string | undefined => {
  if (found.length !== expected.length) return `${found.length} numbers instead of ${expected.length}`
  const index = expected.findIndex((want, i) => {
    const got = found[i] ?? NaN
    if (tolerance === 0 || !Number.isFinite(want)) return !(got === want || (Number.isNaN(got) && Number.isNaN(want)))
    return !(Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want)))
  })
  return index < 0 ? undefined : `${found[index]} instead of ${expected[index]} at ${index}`
}

/**
 * Computes what is known and compares: exact division of indices to 2²³, remainders, long loops, special values, several seats,
 * threads and values of several dimensions, several results of one kernel. Rejects with `EngineFailure` that names the first wrong answer.
 */
export const proveEngine = async (engine: Engine): Promise<void> => {
  const check = async (name: string, value: Resident, expected: readonly number[], tolerance: number): Promise<void> => {
    const difference = wrong(await engine.read(value), expected, tolerance)
    engine.release(value)
    if (difference !== undefined) throw new EngineFailure(`it computes wrong numbers (${name}: ${difference})`)
  }
  for (const { name, kernel, operands, expected, tolerance } of probes) {
    const seats = operands.map((numbers) => engine.upload(numbers))
    const result = engine.dispatch(kernel, seats)
    seats.forEach((seat) => engine.release(seat))
    await check(name, result, expected, tolerance)
  }
  const source = engine.upload(Float32Array.from(range(15, (i) => i)))
  const results = threads(engine, source)
  engine.release(source)
  for (const [name, value, expected] of results) await check(name, value, expected, 0)
}
