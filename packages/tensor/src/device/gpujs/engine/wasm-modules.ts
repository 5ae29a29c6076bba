import type { GPU, IKernelRunShortcut } from 'gpu.js'

/**
 * gpu.js writes the places and sizes of a kernel's arrays into its WebAssembly module as numbers, and takes the kernel's text apart and
 * translates it again for each of them: that is nearly all of the time that compiling takes. Here a text is translated once, with marks
 * in these numbers' places; a module for other places and sizes is a copy of its bytes with other numbers.
 */

/** An array of a kernel in the memory, as gpu.js lays it out. */
interface ArrayRecord {
  readonly index: number
  readonly offset: number
  readonly dims: readonly number[]
  readonly flatLength: number
}

/** A number of a kernel in the memory. */
interface ScalarRecord {
  readonly index: number
  readonly offset: number
  readonly type: string
}

/** Where a kernel's arguments and result lie in its memory, as gpu.js computes it. */
export interface Layout {
  readonly arrays: Readonly<Record<string, ArrayRecord>>
  readonly scalars: Readonly<Record<string, ScalarRecord>>
  readonly constantArrays: Readonly<Record<string, unknown>>
  readonly outputOffset: number
  /** Of a memory that several kernels share. */
  readonly totalBytes?: number
}

/** A module, with the pages of memory that it needs. */
export interface Assembled {
  readonly bytes: Uint8Array
  readonly initial: number
  readonly maximum: number
}

/** What gpu.js learns from a kernel's text and the kinds of its arguments. */
interface Translation {
  readonly functionBuilder: unknown
  readonly tracedFunctions: unknown
  readonly returnType: unknown
  readonly componentCount: number
  readonly usesRandom: boolean
  readonly usedMathImports: ReadonlySet<string>
}

/** The parts of gpu.js 2.24.1's WebAssembly kernel that make a module (`src/backend/web-assembly/kernel.js`). */
export interface ModuleMaker extends Translation {
  readonly source: unknown
  readonly argumentTypes: readonly string[]
  readonly output: readonly number[]
  threadDim: readonly number[]
  translateSource: () => boolean
  _assembleModule: (layout: Layout, cells: number, shared: boolean) => Assembled
}

/** Where a module has a number: in five bytes of LEB128, or as four equal lanes. */
interface Site {
  readonly at: number
  readonly lanes: boolean
  /** Which of the numbers of a layout. */
  readonly number: number
}

/** A module's bytes with marks, and where they are. */
interface Template {
  readonly bytes: Uint8Array
  readonly sites: readonly Site[]
}

const pageBytes = 65_536

/** The most pages of a memory of 32-bit addresses. */
const allPages = 65_536

/** gpu.js's spare pages, and its smallest limit. */
const [sparePages, fewestMaximum] = [16, 4096]

/**
 * Marks lie between 2^28 and 2^31: there LEB128 takes five bytes whether it is signed or not, and no literal or length of a kernel is
 * as large.
 */
const least = 2 ** 28

/** The sizes of the seat `k` that stand in the text: its width, the area of a plane, and its last index. */
const seatSizes = (k: number): readonly [width: number, plane: number, last: number] => {
  const width = least + 0x10000 * (2 * k + 1)
  return [width, 2 * width, 4 * width - 1]
}

const seatOffset = (k: number): number => least + 2 ** 26 + 0x1000 * k

const resultOffset = least + 2 ** 27

/** Threads along x and y, whose product as a 32-bit number is a mark again. */
const [marksX, marksY] = [least + 2 ** 14, least + 2 ** 15]

const productOf = (x: number, y: number): number => (x * y) % 2 ** 32

const orderOf = ({ arrays, scalars }: Layout): { readonly arrays: readonly (readonly [string, ArrayRecord])[]; readonly scalars: readonly (readonly [string, ScalarRecord])[] } => ({
  arrays: Object.entries(arrays).sort(([, a], [, b]) => a.index - b.index),
  scalars: Object.entries(scalars).sort(([, a], [, b]) => a.index - b.index)
})

/** All numbers of a layout and of the threads, in one order. */
const numbersOf = (layout: Layout, threads: readonly number[]): readonly number[] => {
  const { arrays, scalars } = orderOf(layout)
  const [x = 1, y = 1] = threads
  return [
    ...arrays.flatMap(([, { offset, dims: [width = 1, height = 1], flatLength }]) => [offset, width, width * height, flatLength - 1]),
    ...scalars.map(([, { offset }]) => offset),
    layout.outputOffset,
    x,
    y,
    productOf(x, y)
  ]
}

/** The same layout with marks for numbers. Its memory is as large as one may be. */
const marked = (layout: Layout): Layout => {
  const { arrays, scalars } = orderOf(layout)
  return {
    arrays: Object.fromEntries(
      arrays.map(([name, record], k) => {
        const [width, plane, last] = seatSizes(k)
        return [name, { ...record, offset: seatOffset(k), dims: [width, plane / width, (last + 1) / plane], flatLength: last + 1 }]
      })
    ),
    scalars: Object.fromEntries(scalars.map(([name, record], k) => [name, { ...record, offset: seatOffset(arrays.length + k) }])),
    constantArrays: {},
    outputOffset: resultOffset,
    totalBytes: (allPages - sparePages) * pageBytes
  }
}

const leb128 = (bytes: Uint8Array, at: number): number =>
  [0, 1, 2, 3].every((k) => (bytes[at + k] ?? 0) > 127) && (bytes[at + 4] ?? 128) < 8 ? [0, 1, 2, 3, 4].reduce((sum, k) => sum + ((bytes[at + k] ?? 0) & 127) * 2 ** (7 * k), 0) : 0

const writeLeb128 = (bytes: Uint8Array, at: number, number: number): void => {
  for (let k = 0; k < 5; k++) bytes[at + k] = (Math.floor(number / 2 ** (7 * k)) & 127) | (k < 4 ? 128 : 0)
}

const lane = (view: DataView, at: number): number => (at + 4 <= view.byteLength ? view.getUint32(at, true) : 0)

/** Limits of a memory that has all pages at least and at most, and of one that has as few as one likes: in as many bytes. */
const fullLimits = [1, 0x80, 0x80, 4, 0x80, 0x80, 4]
const anyLimits = [1, 0x81, 0x80, 0, 0x80, 0x80, 4]

const templateOf = (assembled: Uint8Array, marks: readonly number[]): Template | undefined => {
  const bytes = assembled.slice()
  const view = new DataView(bytes.buffer)
  const numbers = new Map(marks.map((mark, number) => [mark, number]))
  const limits = bytes.findIndex((_, at) => fullLimits.every((byte, k) => bytes[at + k] === byte))
  if (limits < 0) return undefined
  bytes.set(anyLimits, limits)
  const sites: Site[] = []
  for (let at = 0; at < bytes.length; at++) {
    const single = numbers.get(leb128(bytes, at))
    if (single !== undefined) sites.push({ at, lanes: false, number: single })
    const four = numbers.get(lane(view, at))
    if (four !== undefined && [4, 8, 12].every((k) => lane(view, at + k) === lane(view, at))) {
      sites.push({ at, lanes: true, number: four })
      at += 15
    }
  }
  return { bytes, sites }
}

const filled = ({ bytes, sites }: Template, numbers: readonly number[]): Uint8Array => {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  for (const { at, lanes, number } of sites) {
    const value = numbers[number] ?? 0
    if (lanes) for (let k = 0; k < 16; k += 4) view.setUint32(at + k, value, true)
    else writeLeb128(copy, at, value)
  }
  return copy
}

/** Translates each text once for all kernels that gpu.js makes of it, those of its pipelines included. `made` hears the text of each module. */
export const translateOnce = (gpu: GPU, made: (source: string) => void): void => {
  const translations = new Map<string, Translation>()
  const templates = new Map<string, Template>()

  const adapt = (kernel: ModuleMaker): void => {
    // What a text means depends on the kinds of its arguments; its loops, on the rank of its threads.
    const keyOf = (): string => [kernel.source, kernel.output.length, ...kernel.argumentTypes].join('|')
    const translate = kernel.translateSource.bind(kernel)
    const assemble = kernel._assembleModule.bind(kernel)
    kernel.translateSource = () => {
      const key = keyOf()
      const known = translations.get(key)
      if (known !== undefined) {
        Object.assign(kernel, known)
        return true
      }
      const possible = translate()
      const { functionBuilder, tracedFunctions, returnType, componentCount, usesRandom, usedMathImports } = kernel
      if (possible) translations.set(key, { functionBuilder, tracedFunctions, returnType, componentCount, usesRandom, usedMathImports })
      return possible
    }
    kernel._assembleModule = (layout, cells, shared) => {
      made(String(kernel.source))
      // What is not one number a thread, or has data of its own, gpu.js does itself.
      if (shared || kernel.componentCount !== 1 || Object.keys(layout.constantArrays).length > 0) return assemble(layout, cells, shared)
      const key = keyOf()
      let template = templates.get(key)
      if (template === undefined) {
        const { threadDim } = kernel
        const threads = [marksX, marksY, 1]
        const marks = marked(layout)
        kernel.threadDim = threads
        try {
          template = templateOf(assemble(marks, 1, false).bytes, numbersOf(marks, threads))
        } finally {
          kernel.threadDim = threadDim
        }
        if (template === undefined) return assemble(layout, cells, shared)
        templates.set(key, template)
      }
      const totalBytes = layout.totalBytes ?? layout.outputOffset + cells * 4
      const initial = Math.ceil(totalBytes / pageBytes) + sparePages
      return { bytes: filled(template, numbersOf(layout, kernel.threadDim)), initial, maximum: Math.max(initial, fewestMaximum) }
    }
  }

  const create = gpu.createKernel.bind(gpu) as (...given: readonly unknown[]) => IKernelRunShortcut
  // Pipelines make their kernels by this method, too. gpu.js declares it with overloads, and no class for its WebAssembly kernels.
  gpu.createKernel = ((...given: readonly unknown[]) => {
    const shortcut = create(...given)
    adapt(shortcut.kernel as unknown as ModuleMaker)
    return shortcut
  }) as typeof gpu.createKernel
}
