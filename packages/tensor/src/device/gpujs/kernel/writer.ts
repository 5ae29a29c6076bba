import type { KernelSource } from '../engine/engine.js'
import { mostFlatElements, rowLength, storageOf } from '../engine/engine.js'

/** A part of an index: a variable that counts from 0 to `size` − 1, `stride` elements apart. */
export interface IndexTerm {
  readonly name: string
  readonly size: number
  readonly stride: number
  /** Whether the stride is part of the text, because kernels of other strides need other texts anyway. */
  readonly literal?: boolean
}

/** Writes the text of one kernel. Numbers that depend on sizes become scalar arguments, so that the text is one for all sizes. */
export interface Writer {
  /** A new scalar argument of this value. */
  readonly scalar: (value: number) => string
  /** A number as text: in place where it is 0 or 1, else as a scalar argument. */
  readonly number: (value: number) => string
  /** Adds a statement. */
  readonly line: (statement: string) => void
  /** Adds `const name = expression` and answers the name. */
  readonly constant: (expression: string) => string
  /**
   * Declares a variable of whole numbers and answers its name. gpu.js keeps as integers only what it sees counted up; every other variable, and
   * every argument, is an f32, which is converted at each index, and which WebGL does not assign to an integer without a shift.
   */
  readonly whole: (prefix: string, expression: string) => string
  /** A name that is not used yet. */
  readonly name: (prefix: string) => string
  /** Statements so far, and a fresh list for what follows. */
  readonly take: () => readonly string[]
  /** Scalar arguments so far. */
  readonly scalars: () => readonly number[]
  /** The kernel: `arrays` parameters, the scalars, what was written. Without `threads` it begins with the thread's index: `i`, or `hi` and `lo`. */
  readonly kernel: (arrays: number, elements: number, result: string, threads?: KernelSource['output']) => KernelSource
  /** The same with four results for each of so many threads. */
  readonly texels: (arrays: number, count: number, results: readonly string[], threads?: KernelSource['output']) => KernelSource
}

/** A writer for one kernel. */
export const writer = (): Writer => {
  let lines: string[] = []
  const values: number[] = []
  let names = 0
  const scalar = (value: number): string => `s${values.push(value) - 1}`
  const name = (prefix: string): string => `${prefix}${names++}`
  const kernel: Writer['kernel'] = (arrays, elements, result, threads) => {
    const parameters = [...Array.from({ length: arrays }, (_, k) => `a${k}`), ...values.map((_, k) => `s${k}`)]
    const index = elements > mostFlatElements ? ['const lo = this.thread.x; const hi = this.thread.y;'] : ['const i = this.thread.x;']
    return {
      source: `function(${parameters.join(', ')}) { ${[...(threads === undefined ? index : []), ...lines].join(' ')} return ${result}; }`,
      arrays,
      scalars: values,
      elements,
      output: threads ?? storageOf(elements)
    }
  }
  return {
    scalar,
    number: (value) => (value === 0 || value === 1 ? String(value) : scalar(value)),
    line: (statement) => void lines.push(statement),
    constant: (expression) => {
      const fresh = name('v')
      lines.push(`const ${fresh} = ${expression};`)
      return fresh
    },
    whole: (prefix, expression) => {
      const fresh = name(prefix)
      lines.push(`let ${fresh} = 0; ${fresh}++; ${fresh} = (${expression}) >> 0;`)
      return fresh
    },
    name,
    take: () => {
      const taken = lines
      lines = []
      return taken
    },
    scalars: () => values,
    kernel,
    texels: (arrays, count, results, threads) => ({ ...kernel(arrays, count, `[${results.join(', ')}]`, threads), elements: 4 * count, texels: true })
  }
}

/** A quotient and what is left of one division of whole numbers. */
const divide = (w: Writer, dividend: string, size: string): readonly [string, string] => {
  // The half keeps a quotient right where division is off by a unit in the last place.
  const quotient = w.constant(`Math.floor((${dividend} + 0.5) / ${size})`)
  return [quotient, w.constant(`${dividend} - ${quotient} * ${size}`)]
}

/** The same without the half, which f32 does not hold beyond 2²³, and with a correction instead. */
const divideLarge = (w: Writer, dividend: string, size: string): readonly [string, string] => {
  const guess = w.constant(`Math.floor(${dividend} / ${size})`)
  const rest = w.constant(`${dividend} - ${guess} * ${size}`)
  const quotient = w.constant(`${rest} < 0 ? ${guess} - 1 : (${rest} >= ${size} ? ${guess} + 1 : ${guess})`)
  return [quotient, w.constant(`${rest} < 0 ? ${rest} + ${size} : (${rest} >= ${size} ? ${rest} - ${size} : ${rest})`)]
}

/**
 * Takes the number of a thread apart into coordinates of these sizes, outermost first, and answers their names. A single coordinate
 * larger than 2²³ has the two names `hi` and `lo`, as text `hi,lo`.
 */
export const decodeThread = (w: Writer, sizes: readonly number[]): readonly string[] => {
  const elements = sizes.reduce((product, size) => product * size, 1)
  if (elements <= mostFlatElements) return decodeNumber(w, 'i', sizes)
  if (sizes.length === 1) return ['hi,lo']
  const names: string[] = []
  let [high, low] = ['hi', 'lo']
  for (let axis = sizes.length - 1; axis > 0; axis--) {
    const size = sizes[axis] ?? 1
    const text = w.scalar(size)
    const [quotientHigh, restHigh] = divideLarge(w, high, text)
    if (size <= rowLength) {
      const [quotientLow, rest] = divideLarge(w, w.constant(`${restHigh} * 4096 + ${low}`), text)
      ;[high, low] = [quotientHigh, quotientLow]
      names.unshift(rest)
    } else {
      // Long division, one binary digit at a time.
      const [rest, bits, quotient] = [w.name('r'), w.name('b'), w.name('q')]
      w.line(`let ${rest} = ${restHigh}; let ${bits} = ${low}; let ${quotient} = 0;`)
      w.line(`for (let k = 0; k < 12; k++) { ${bits} = ${bits} * 2; ${rest} = ${rest} * 2; ${quotient} = ${quotient} * 2;`)
      w.line(`if (${bits} >= 4096) { ${bits} = ${bits} - 4096; ${rest} = ${rest} + 1; } if (${rest} >= ${text}) { ${rest} = ${rest} - ${text}; ${quotient} = ${quotient} + 1; } }`)
      ;[high, low] = [quotientHigh, quotient]
      names.unshift(rest)
    }
  }
  names.unshift(w.constant(`${high} * 4096 + ${low}`))
  return names
}

/** Takes a number below 2²³ apart into coordinates of these sizes, outermost first. */
export const decodeNumber = (w: Writer, number: string, sizes: readonly number[]): readonly string[] => {
  const names: string[] = []
  let rest = number
  for (let axis = sizes.length - 1; axis > 0; axis--) {
    const [quotient, name] = divide(w, rest, w.scalar(sizes[axis] ?? 1))
    names.unshift(name)
    rest = quotient
  }
  names.unshift(rest)
  return names
}

/** The same for the number of a thread along one dimension, in whole numbers: they make addresses without a conversion. */
export const decodeWhole = (w: Writer, thread: string, sizes: readonly number[]): readonly string[] => {
  const names: string[] = []
  let rest = thread
  for (const size of sizes.slice(1).reverse()) {
    const text = w.scalar(size)
    const quotient = w.whole('c', `Math.floor((${rest} + 0.5) / ${text})`)
    names.unshift(w.whole('c', `${rest} - ${quotient} * ${text}`))
    rest = quotient
  }
  return sizes.length === 0 ? [] : [rest, ...names]
}

const times = (w: Writer, { name, stride, literal = false }: IndexTerm): string =>
  stride === 1 ? name : literal ? `${name} * ${stride < 0 ? `(${stride})` : stride}` : `${name} * ${w.scalar(stride)}`

/** The number `base + Σ name · stride` as an expression of numbers below 2²⁴. */
export const plainIndex = (w: Writer, base: number, terms: readonly IndexTerm[]): string => {
  const parts = terms.map((term) => (term.name.includes(',') ? `(hi * 4096 + lo)` : times(w, term)))
  if (base !== 0) parts.push(w.scalar(base))
  return parts.length === 0 ? '0' : parts.join(' + ')
}

/** An index as it is written between brackets: of a flat array, or of rows. */
export type Address = { readonly flat: string } | { readonly high: string; readonly low: string }

/**
 * The address `base + Σ name · stride` in an array of so many elements. Beyond 2²³ elements it is computed in two parts of which every
 * intermediate number is below 2²⁴.
 */
export const addressOf = (w: Writer, elements: number, base: number, terms: readonly IndexTerm[]): Address => {
  if (elements <= mostFlatElements) return { flat: plainIndex(w, base, terms) }
  const highs: string[] = []
  const lows: string[] = []
  let most = 0
  // Keeps the sum of low parts exact: what exceeds a row goes to the high part.
  const carry = (): void => {
    if (lows.length === 0) return
    const sum = w.constant(lows.join(' + '))
    const rows = w.constant(`Math.floor(${sum} / 4096)`)
    highs.push(rows)
    lows.splice(0, lows.length, w.constant(`${sum} - ${rows} * 4096`))
    most = rowLength - 1
  }
  const add = (text: string, largest: number): void => {
    if (most + largest >= 2 ** 24) carry()
    lows.push(text)
    most += largest
  }
  let start = base
  const positive = terms.map((term): IndexTerm => {
    if (term.stride >= 0) return term
    start += term.stride * (term.size - 1)
    return { ...term, name: `(${w.scalar(term.size - 1)} - ${term.name})`, stride: -term.stride }
  })
  const rows = Math.floor(start / rowLength)
  if (rows !== 0) highs.push(w.scalar(rows))
  if (start - rows * rowLength !== 0) add(w.scalar(start - rows * rowLength), rowLength - 1)
  for (const term of positive) {
    const { name, size, stride } = term
    if (name === 'hi,lo') {
      if (stride === 1) {
        highs.push('hi')
        add('lo', rowLength - 1)
        continue
      }
      highs.push(`hi * ${w.scalar(stride)}`)
      const [strideHigh, strideLow] = [Math.floor(stride / rowLength), stride % rowLength]
      if (strideHigh > 0) highs.push(`lo * ${w.scalar(strideHigh)}`)
      add(`lo * ${w.scalar(strideLow)}`, (rowLength - 1) * strideLow)
      continue
    }
    if ((size - 1) * stride < 2 ** 23) {
      add(times(w, term), (size - 1) * stride)
      continue
    }
    const [strideHigh, strideLow] = [Math.floor(stride / rowLength), stride % rowLength]
    let small = name
    if (size > rowLength) {
      const rowsOf = w.constant(`Math.floor(${name} / 4096)`)
      small = w.constant(`${name} - ${rowsOf} * 4096`)
      highs.push(`${rowsOf} * ${w.scalar(stride)}`)
    }
    if (strideHigh > 0) highs.push(`${small} * ${w.scalar(strideHigh)}`)
    if (strideLow > 0) add(`${small} * ${w.scalar(strideLow)}`, Math.min(size - 1, rowLength - 1) * strideLow)
  }
  if (most >= rowLength) carry()
  return { high: highs.length === 0 ? '0' : highs.join(' + '), low: lows.length === 0 ? '0' : lows.join(' + ') }
}

/** Element of array `seat` at an address, or at the first element where `guard` (0 or 1) is 0. */
export const elementAt = (seat: number, address: Address, guard?: string): string => {
  const guarded = (text: string): string => (guard === undefined || text === '0' ? text : `${guard} * (${text})`)
  return 'flat' in address ? `a${seat}[${guarded(address.flat)}]` : `a${seat}[${guarded(address.high)}][${guarded(address.low)}]`
}
