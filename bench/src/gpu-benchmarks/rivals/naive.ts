import { GPU, Input } from 'gpu.js'
import { sumOfMagnitudes } from '../../benchmarks/contestant.js'
import { timed } from '../contestant.js'
import type { GpuContestant } from '../contestant.js'
import { argumentsOf, convolvedShape, epsilon } from '../tasks.js'
import type { ConvolutionSizes, Task } from '../tasks.js'

type Array1 = Float32Array
type Kernel = (...args: readonly unknown[]) => unknown
type Constants = Readonly<Record<string, number>>

/** An array as rows of rows. gpu.js takes typed arrays, of which its types know nothing. */
const arranged = (data: Float32Array, sizes: [number, number] | [number, number, number]): Input => new Input(data as unknown as number[], sizes)

/** Rows of rows as one array. */
const flat = (result: unknown): Float32Array => {
  if (result instanceof Float32Array) return result
  if (!Array.isArray(result)) throw new TypeError('a kernel answered no array')
  const parts = result.map(flat)
  const whole = new Float32Array(parts.reduce((count, part) => count + part.length, 0))
  parts.reduce((offset, part) => {
    whole.set(part, offset)
    return offset + part.length
  }, 0)
  return whole
}

/**
 * What a reader of gpu.js's README writes: one kernel for each operation, a thread for each element of the result, sums over whole
 * loops, bounds tested where they matter. Kernels are texts, so that no bundler renames what is in them.
 */
const kernels = (gpu: GPU) => {
  const make = (source: string, output: number[], constants: Constants = {}): Kernel => {
    const kernel = gpu.createKernel(source, { output, constants: { ...constants }, precision: 'single' })
    return (...args) => kernel(...(args as Parameters<typeof kernel>))
  }
  const product = (rows: number, inner: number, columns: number): Kernel =>
    make(
      `function(a, b) {
        let sum = 0;
        for (let i = 0; i < this.constants.inner; i++) sum += a[this.thread.y][i] * b[i][this.thread.x];
        return sum;
      }`,
      [columns, rows],
      { inner }
    )
  const convolution = ({ x, w, stride, padding }: ConvolutionSizes, [, , height, width]: readonly number[]) =>
    make(
      `function(x, w) {
        const n = Math.floor(this.thread.z / this.constants.O);
        const o = this.thread.z - n * this.constants.O;
        let sum = 0;
        for (let c = 0; c < this.constants.C; c++) {
          for (let i = 0; i < this.constants.h; i++) {
            for (let j = 0; j < this.constants.w; j++) {
              const y = this.thread.y * this.constants.S + i - this.constants.P;
              const u = this.thread.x * this.constants.S + j - this.constants.P;
              if (y >= 0 && y < this.constants.H && u >= 0 && u < this.constants.W) {
                sum += x[n * this.constants.C + c][y][u] * w[o * this.constants.C + c][i][j];
              }
            }
          }
        }
        return sum;
      }`,
      [width ?? 1, height ?? 1, x[0] * w[0]],
      { O: w[0], C: x[1], H: x[2], W: x[3], h: w[2], w: w[3], S: stride, P: padding }
    )
  const byInput = ({ x, w, stride, padding }: ConvolutionSizes, [, , height = 1, width = 1]: readonly number[]) =>
    make(
      `function(g, w) {
        const n = Math.floor(this.thread.z / this.constants.C);
        const c = this.thread.z - n * this.constants.C;
        let sum = 0;
        for (let o = 0; o < this.constants.O; o++) {
          for (let i = 0; i < this.constants.h; i++) {
            for (let j = 0; j < this.constants.w; j++) {
              const y = this.thread.y + this.constants.P - i;
              const u = this.thread.x + this.constants.P - j;
              const p = Math.floor(y / this.constants.S);
              const q = Math.floor(u / this.constants.S);
              if (p * this.constants.S == y && q * this.constants.S == u && p >= 0 && p < this.constants.H && q >= 0 && q < this.constants.W) {
                sum += g[n * this.constants.O + o][p][q] * w[o * this.constants.C + c][i][j];
              }
            }
          }
        }
        return sum;
      }`,
      [x[3], x[2], x[0] * x[1]],
      { O: w[0], C: x[1], H: height, W: width, h: w[2], w: w[3], S: stride, P: padding }
    )
  const byWeight = ({ x, w, stride, padding }: ConvolutionSizes, [, , height = 1, width = 1]: readonly number[]) =>
    make(
      `function(x, g) {
        const o = Math.floor(this.thread.z / this.constants.C);
        const c = this.thread.z - o * this.constants.C;
        let sum = 0;
        for (let n = 0; n < this.constants.N; n++) {
          for (let p = 0; p < this.constants.h; p++) {
            for (let q = 0; q < this.constants.w; q++) {
              const y = p * this.constants.S + this.thread.y - this.constants.P;
              const u = q * this.constants.S + this.thread.x - this.constants.P;
              if (y >= 0 && y < this.constants.H && u >= 0 && u < this.constants.W) {
                sum += x[n * this.constants.C + c][y][u] * g[n * this.constants.O + o][p][q];
              }
            }
          }
        }
        return sum;
      }`,
      [w[3], w[2], w[0] * w[1]],
      { N: x[0], O: w[0], C: x[1], H: x[2], W: x[3], h: height, w: width, S: stride, P: padding }
    )
  const each = (expression: string, count: number, parameters = 'a, b'): Kernel => make(`function(${parameters}) { return ${expression}; }`, [count])
  /** A sum over a stretch of `length` elements for each thread. */
  const stretch = (term: string, count: number, length: number, parameters: string, finish = 's', constants: Constants = {}): Kernel =>
    make(`function(${parameters}) { let s = 0; for (let i = 0; i < this.constants.length; i++) { const k = this.thread.x * this.constants.length + i; ${term} } return ${finish}; }`, [count], {
      length,
      ...constants
    })
  return { product, convolution, byInput, byWeight, each, stretch }
}

const volume = (data: Float32Array, [n, c, h, w]: readonly [number, number, number, number]) => arranged(data, [w, h, n * c])

const groupNorm = (gpu: GPU, { x: [n, c, h, w], groups }: Extract<Task, { readonly kind: 'group-norm' }>, args: Readonly<Record<string, Array1>>): (() => readonly unknown[]) => {
  const { each, stretch } = kernels(gpu)
  const [rows, positions, count] = [n * groups, h * w, n * c * h * w]
  const length = (c / groups) * positions
  const channel = `const z = Math.floor(k / ${positions}); const ch = z - Math.floor(z / ${c}) * ${c};`
  const mean = stretch('s += x[k];', rows, length, 'x', 's / this.constants.length')
  const deviation = stretch('const d = x[k] - m[this.thread.x]; s += d * d;', rows, length, 'x, m', `1 / Math.sqrt(s / this.constants.length + ${epsilon})`)
  const group = `Math.floor(this.thread.x / ${length})`
  const normal = each(`(a[this.thread.x] - m[${group}]) * r[${group}]`, count, 'a, m, r')
  const ofChannel = `Math.floor(this.thread.x / ${positions}) - Math.floor(this.thread.x / ${positions * c}) * ${c}`
  const result = each(`a[this.thread.x] * gamma[${ofChannel}] + beta[${ofChannel}]`, count, 'a, gamma, beta')
  const overImages = (term: string, parameters: string): Kernel =>
    gpu.createKernel(
      `function(${parameters}) { let s = 0; for (let n = 0; n < ${n}; n++) { for (let i = 0; i < ${positions}; i++) { const k = (n * ${c} + this.thread.x) * ${positions} + i; s += ${term}; } } return s; }`,
      { output: [c], precision: 'single' }
    ) as Kernel
  const [byBeta, byGamma] = [overImages('g[k]', 'g'), overImages('g[k] * a[k]', 'g, a')]
  const first = stretch(`${channel} s += g[k] * gamma[ch];`, rows, length, 'g, gamma')
  const second = stretch(`${channel} s += g[k] * gamma[ch] * a[k];`, rows, length, 'g, gamma, a')
  const byInput = each(
    `r[${group}] * (g[this.thread.x] * gamma[${ofChannel}] - (p[${group}] + a[this.thread.x] * q[${group}]) / ${length})`,
    count,
    'g, gamma, a, r, p, q'
  )
  return () => {
    const { x, gamma, beta, g } = args
    const m = mean(x)
    const r = deviation(x, m)
    const a = normal(x, m, r)
    return [result(a, gamma, beta), byInput(g, gamma, a, r, first(g, gamma), second(g, gamma, a)), byGamma(g, a), byBeta(g)]
  }
}

const programOf = (gpu: GPU, task: Task): (() => readonly unknown[]) | undefined => {
  const make = kernels(gpu)
  const args = Object.fromEntries(Object.entries(argumentsOf(task)).map(([name, { data }]) => [name, data]))
  const { x, w, g, y, a, b } = args
  switch (task.kind) {
    case 'matmul': {
      if (a === undefined || b === undefined) return undefined
      const [left, right] = [arranged(a, [task.inner, task.rows]), arranged(b, [task.columns, task.inner])]
      const product = make.product(task.rows, task.inner, task.columns)
      return () => [product(left, right)]
    }
    case 'convolution':
    case 'convolution-gradients': {
      if (x === undefined || w === undefined) return undefined
      const shape = convolvedShape(task)
      const [images, weights] = [volume(x, task.x), volume(w, task.w)]
      const forward = make.convolution(task, shape)
      if (task.kind === 'convolution' || g === undefined) return () => [forward(images, weights)]
      const [cotangent, byInput, byWeight] = [volume(g, shape), make.byInput(task, shape), make.byWeight(task, shape)]
      return () => [forward(images, weights), byInput(cotangent, weights), byWeight(images, cotangent)]
    }
    case 'group-norm':
      return groupNorm(gpu, task, args)
    case 'chain': {
      const kernel = (expression: string): Kernel => make.each(expression, task.elements)
      const unary = (expression: string): Kernel => make.each(expression, task.elements, 'a')
      const [p, q] = ['a[this.thread.x]', 'b[this.thread.x]']
      const [times, plus, over] = [kernel(`${p} * ${q}`), kernel(`${p} + ${q}`), kernel(`${p} / ${q}`)]
      const [negated, exponential, half, one] = [unary(`-${p}`), unary(`Math.exp(${p})`), unary(`${p} + 0.5`), unary(`${p} + 1`)]
      const [rectified, root, magnitude] = [unary(`Math.max(${p}, 0)`), unary(`Math.sqrt(${p})`), unary(`Math.abs(${p})`)]
      const squared = kernel(`${p} * ${q}`)
      return () => {
        const t = squared(x, x)
        return [over(root(plus(rectified(half(times(exponential(negated(t)), y))), t)), one(magnitude(x)))]
      }
    }
    case 'roi-align':
    case 'step':
      return undefined
  }
}

/** gpu.js with plain kernels, in a mode whose results are arrays; nothing of regions or training steps. */
export const naive = (mode: 'webasm' | 'cpu'): GpuContestant => {
  const gpu = new GPU({ mode })
  return {
    name: `gpu.js 2.24.1 naive ${mode}`,
    prepare: async (_name, task) => {
      const program = programOf(gpu, task)
      if (program === undefined) return undefined
      let first: readonly unknown[] = []
      const firstMs = await timed(async () => {
        first = program()
        return Promise.resolve()
      })
      const results = first.map((result) => Float32Array.from(flat(result)))
      return { results, digest: results.map(sumOfMagnitudes), firstMs, run: () => timed(() => Promise.resolve(program())) }
    },
    close: () => void gpu.destroy()
  }
}
