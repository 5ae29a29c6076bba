import { sameShape } from '../../../shape.js'
import type { Sizes } from '../../../shape.js'
import { broadcastStrides } from '../../reference/offsets.js'
import { coordinates, decode, kernelSource, offset } from '../source.js'
import { kernels, shapeAt } from './lowering.js'
import type { Lowering } from './lowering.js'

type UnaryName = 'neg' | 'abs' | 'sign' | 'floor' | 'ceil' | 'round' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'not'
type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'pow' | 'maximum' | 'minimum' | 'atan2' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or'

/** Statements that read operands broadcast to a shape into variables of these names. */
const reads = (names: readonly string[], operands: readonly Sizes[], shape: Sizes): string => {
  const direct = operands.every((operand) => sameShape(operand, shape))
  const read = names.map((name, k) => {
    const operand = operands[k] ?? shape
    return `const ${name} = a${k}[${sameShape(operand, shape) ? 'i' : offset(coordinates(shape), broadcastStrides(operand, shape))}];`
  })
  return [...(direct ? [] : [decode(shape)]), ...read].join(' ')
}

/** A body of statements over `x`. */
const unary =
  (body: string): Lowering<UnaryName> =>
  (_attributes, _inputs, outputs) =>
    kernels(kernelSource(1, shapeAt(outputs, 0), `const x = a0[i]; ${body}`))

/** A body of statements over `x` and `y`. */
const binary =
  (body: string): Lowering<BinaryName> =>
  (_attributes, inputs, outputs) => {
    const shape = shapeAt(outputs, 0)
    return kernels(kernelSource(2, shape, `${reads(['x', 'y'], [shapeAt(inputs, 0), shapeAt(inputs, 1)], shape)} ${body}`))
  }

const select: Lowering<'select'> = (_attributes, inputs, outputs) => {
  const shape = shapeAt(outputs, 0)
  const operands = [0, 1, 2].map((k) => shapeAt(inputs, k))
  return kernels(kernelSource(3, shape, `${reads(['c', 'x', 'y'], operands, shape)} if (c > 0.5) { return x; } return y;`))
}

const cast: Lowering<'cast'> = ({ dtype }, _inputs, outputs) =>
  kernels(kernelSource(1, shapeAt(outputs, 0), `const x = a0[i]; ${dtype === 'bool' ? 'if (x === 0) { return 0; } return 1;' : 'return x;'}`))

/** Taylor series of x·(1 + x/2·(1 + x/3·(…))) with this many factors. */
const expm1Series = (terms: number): string =>
  `x * ${Array.from({ length: terms }, (_, k) => terms + 1 - k).reduce((inner, n) => `(1 + x / ${n} * ${inner})`, '1')}`

/** Maclaurin series of erf over x, in x². */
const erfSeries = (terms: number): string => {
  const coefficients: number[] = []
  let factorial = 1
  for (let n = 0; n < terms; n++) {
    coefficients.push(((n % 2 === 0 ? 1 : -1) * 2) / (Math.sqrt(Math.PI) * factorial * (2 * n + 1)))
    factorial *= n + 1
  }
  return coefficients.reduceRight((inner, coefficient) => (inner === '' ? `(${coefficient})` : `(${coefficient} + z * ${inner})`), '')
}

/** Hastings' approximation of erfc·exp(x²), error 1.5e-7 (Abramowitz & Stegun 7.1.26). */
const erfTail = '(0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))'

/** Lowerings of the elementwise primitives, in forms that keep their digits in single precision on every backend. */
export const elementwise = {
  neg: unary('return -x;'),
  abs: unary('return Math.abs(x);'),
  sign: unary('if (x > 0) { return 1; } if (x < 0) { return -1; } return 0;'),
  floor: unary('return Math.floor(x);'),
  ceil: unary('return Math.ceil(x);'),
  round: unary(
    'const f = Math.floor(x); const d = x - f; if (d < 0.5) { return f; } if (d > 0.5) { return f + 1; } const h = Math.floor(f / 2); if (f - h * 2 > 0.5) { return f + 1; } return f;'
  ),
  exp: unary('return Math.exp(x);'),
  expm1: unary(`if (Math.abs(x) < 0.5) { return ${expm1Series(8)}; } return Math.exp(x) - 1;`),
  log: unary('return Math.log(x);'),
  // 2·artanh(x / (2 + x)) near zero.
  log1p: unary(
    'if (Math.abs(x) < 0.5) { const s = x / (2 + x); const z = s * s; return 2 * s * (1 + z * (1 / 3 + z * (0.2 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z / 13)))))); } return Math.log(1 + x);'
  ),
  sqrt: unary('return Math.sqrt(x);'),
  sin: unary('return Math.sin(x);'),
  cos: unary('return Math.cos(x);'),
  tanh: unary('const e = Math.exp(-2 * Math.abs(x)); const t = (1 - e) / (1 + e); if (x < 0) { return -t; } return t;'),
  sigmoid: unary('const e = Math.exp(-Math.abs(x)); if (x < 0) { return e / (1 + e); } return 1 / (1 + e);'),
  erf: unary(
    `const z = x * x; if (z < 0.25) { return x * ${erfSeries(8)}; } const t = 1 / (1 + 0.3275911 * Math.abs(x)); const e = 1 - t * ${erfTail} * Math.exp(-z); if (x < 0) { return -e; } return e;`
  ),
  relu: unary('if (x < 0) { return 0; } return x;'),
  not: unary('return 1 - x;'),
  cast,
  add: binary('return x + y;'),
  sub: binary('return x - y;'),
  mul: binary('return x * y;'),
  div: binary('return x / y;'),
  rem: binary('const q = x / y; if (q < 0) { return x - Math.ceil(q) * y; } return x - Math.floor(q) * y;'),
  // A negative base: only whole exponents have a power, odd ones a negative one.
  pow: binary(
    'const m = Math.pow(Math.abs(x), y); if (x >= 0) { return m; } const h = Math.floor(y); if (y - h > 0) { return Math.sqrt(x); } if (h - 2 * Math.floor(h / 2) > 0.5) { return -m; } return m;'
  ),
  // Where neither comparison holds one of them is NaN, and so is the sum.
  maximum: binary('if (x > y) { return x; } if (y >= x) { return y; } return x + y;'),
  minimum: binary('if (x < y) { return x; } if (y <= x) { return y; } return x + y;'),
  atan2: binary('return Math.atan2(x, y);'),
  equal: binary('if (x === y) { return 1; } return 0;'),
  less: binary('if (x < y) { return 1; } return 0;'),
  lessEqual: binary('if (x <= y) { return 1; } return 0;'),
  and: binary('return x * y;'),
  or: binary('if (x + y > 0.5) { return 1; } return 0;'),
  select
}
