/** The primitives that are a function of single numbers. */
export type ScalarName =
  | 'neg' | 'abs' | 'sign' | 'floor' | 'ceil' | 'round' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'sin' | 'cos' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'not'
  | 'add' | 'sub' | 'mul' | 'div' | 'rem' | 'pow' | 'maximum' | 'minimum' | 'atan2' | 'equal' | 'less' | 'lessEqual' | 'and' | 'or' | 'select'

/** Names a subexpression and answers the name. */
export type Define = (expression: string) => string

/** A primitive as text over the names of its operands. */
export interface ScalarFunction {
  readonly text: (operands: readonly string[], define: Define) => string
  /** About how much it costs beside an addition: what is dear is not computed twice. */
  readonly cost: number
}

const unary = (text: (x: string, define: Define) => string, cost = 1): ScalarFunction => ({ text: ([x = '0'], define) => text(x, define), cost })
const binary = (text: (x: string, y: string, define: Define) => string, cost = 1): ScalarFunction => ({ text: ([x = '0', y = '0'], define) => text(x, y, define), cost })

/** 1 for NaN, else 0: in the form that no backend simplifies. */
const notNumber = (x: string, define: Define): string => define(`(${x} <= 0 || ${x} > 0) ? 0 : 1`)

/** Taylor series of x·(1 + x/2·(1 + x/3·(…))) with this many factors. */
const expm1Series = (x: string, terms: number): string =>
  `${x} * ${Array.from({ length: terms }, (_, k) => terms + 1 - k).reduce((inner, n) => `(1 + ${x} / ${n} * ${inner})`, '1')}`

/** Maclaurin series of erf over x, in z = x². */
const erfSeries = (z: string, terms: number): string => {
  const coefficients: number[] = []
  let factorial = 1
  for (let n = 0; n < terms; n++) {
    coefficients.push(((n % 2 === 0 ? 1 : -1) * 2) / (Math.sqrt(Math.PI) * factorial * (2 * n + 1)))
    factorial *= n + 1
  }
  return coefficients.reduceRight((inner, coefficient) => (inner === '' ? `(${coefficient})` : `(${coefficient} + ${z} * ${inner})`), '')
}

/** Hastings' approximation of erfc·exp(x²), error 1.5e-7 (Abramowitz & Stegun 7.1.26). */
const erfTail = (t: string): string => `(0.254829592 + ${t} * (-0.284496736 + ${t} * (1.421413741 + ${t} * (-1.453152027 + ${t} * 1.061405429))))`

const artanhSeries = (z: string): string => `(1 + ${z} * (0.3333333333 + ${z} * (0.2 + ${z} * (0.1428571429 + ${z} * (0.1111111111 + ${z} * (0.0909090909 + ${z} / 13))))))`

/**
 * Text of a logarithm. Some adapters answer −88 for log 0 and 0 for the log of a negative number, so these are quotients: −1/0 and 0/0
 * of what the engine cannot know to be zero. NaN compares false and is passed on.
 */
const logarithm = (x: string, define: Define): string => {
  const zero = define(`${x} > 0 ? 0 : (${x} <= 0 ? 0 : ${x})`)
  const safe = define(`${x} > 0 ? ${x} : 1`)
  const value = define(`Math.log(${safe})`)
  return `${x} > 0 ? ${value} : (${x} < 0 ? ${zero} / ${zero} : (${x} <= 0 ? (0 - 1) / ${zero} : ${x}))`
}

/**
 * Sine of x, or of x + π/2 where `quarters` is 1: adapters' own are off by up to 2⁻¹¹. The argument less a multiple of π/2 in three parts
 * (Cody and Waite), then the minimax polynomials of Cephes' `sinf` and `cosf` on [−π/4, π/4]: off by about 1e-7 for |x| < 30,000.
 */
const sineOf = (x: string, define: Define, quarters: 0 | 1, other: string): string => {
  const n = define(`Math.floor(${x} * 0.6366197723675814 + 0.5)`)
  const r = define(`((${x} - ${n} * 1.5703125) - ${n} * 0.000483751296997) - ${n} * 0.0000000754978995489`)
  const z = define(`${r} * ${r}`)
  const sine = define(`${r} * (1 + ${z} * (-0.16666654611 + ${z} * (0.0083321608736 - ${z} * 0.00019515295891)))`)
  const cosine = define(`1 - ${z} * (0.5 - ${z} * (0.041666645683 - ${z} * (0.0013887316255 - ${z} * 0.000024433157118)))`)
  const turn = quarters === 0 ? n : define(`${n} + 1`)
  const quadrant = define(`${turn} - 4 * Math.floor(${turn} / 4)`)
  return `Math.abs(${x}) < 30000 ? (${quadrant} < 0.5 ? ${sine} : (${quadrant} < 1.5 ? ${cosine} : (${quadrant} < 2.5 ? 0 - ${sine} : 0 - ${cosine}))) : ${other}`
}

/**
 * Text of atan2: adapters' own are off by 2e-6 or answer π for −0 over 1. The arc of the smaller side over the larger, by the polynomial of
 * Cephes' `atanf` on [−tan π/8, tan π/8], put into its octant. Zeros have signs, which their reciprocals tell.
 */
const angleOf = (y: string, x: string, define: Define): string => {
  const [high, wide] = [define(`Math.abs(${y})`), define(`Math.abs(${x})`)]
  const [most, least] = [define(`Math.max(${high}, ${wide})`), define(`Math.min(${high}, ${wide})`)]
  const t = define(`${most} > 0 ? (${least} < ${most} ? ${least} / ${most} : 1) : 0`)
  const s = define(`${t} > 0.4142135624 ? (${t} - 1) / (${t} + 1) : ${t}`)
  const z = define(`${s} * ${s}`)
  const series = define(`${s} + ${s} * ${z} * (-0.333329491539 + ${z} * (0.199777106478 + ${z} * (-0.138776856032 + ${z} * 0.0805374449538)))`)
  const arc = define(`${t} > 0.4142135624 ? 0.7853981634 + ${series} : ${series}`)
  const steep = define(`${high} > ${wide} ? 1.5707963268 - ${arc} : ${arc}`)
  const negative = (side: string): string => define(`${side} < 0 ? 1 : (${side} > 0 ? 0 : (1 / ${side} < 0 ? 1 : 0))`)
  const turned = define(`${negative(x)} > 0.5 ? 3.1415926536 - ${steep} : ${steep}`)
  const bad = define(`${notNumber(x, define)} + ${notNumber(y, define)}`)
  return `${bad} > 0.5 ? ${x} + ${y} : (${negative(y)} > 0.5 ? 0 - ${turned} : ${turned})`
}

/** The scalar primitives in forms that keep their digits, special values and NaN in single precision on every backend. */
export const scalarFunctions: { readonly [P in ScalarName]: ScalarFunction } = {
  // 0 − 0 would lose the sign of a negative zero.
  neg: unary((x) => `${x} * -1`),
  abs: unary((x) => `Math.abs(${x})`),
  // Neither comparison holds for zero and NaN, whose sign is 0.
  sign: unary((x) => `${x} > 0 ? 1 : (${x} < 0 ? 0 - 1 : 0)`),
  floor: unary((x) => `Math.floor(${x})`),
  ceil: unary((x) => `Math.ceil(${x})`),
  round: unary((x, define) => {
    const floor = define(`Math.floor(${x})`)
    const rest = define(`${x} - ${floor}`)
    const odd = define(`${floor} - 2 * Math.floor(${floor} / 2)`)
    // An infinity has no rest.
    return `${rest} < 0.5 ? ${floor} : (${rest} > 0.5 ? ${floor} + 1 : (${rest} >= 0.5 ? ${floor} + ${odd} : ${x}))`
  }, 3),
  // Some adapters answer infinity for the exponential of NaN.
  exp: unary((x, define) => {
    const e = define(`Math.exp(${x})`)
    return `${x} <= 0 ? ${e} : (${x} > 0 ? ${e} : ${x})`
  }, 4),
  expm1: unary((x, define) => {
    const series = define(expm1Series(x, 8))
    const direct = define(`Math.exp(${x}) - 1`)
    return `Math.abs(${x}) < 0.5 ? ${series} : (${x} < 0 ? ${direct} : (${x} > 0 ? ${direct} : ${x}))`
  }, 8),
  log: unary(logarithm, 6),
  // 2·artanh(x / (2 + x)) near zero.
  log1p: unary((x, define) => {
    const s = define(`${x} / (2 + ${x})`)
    const z = define(`${s} * ${s}`)
    const series = define(`2 * ${s} * ${artanhSeries(z)}`)
    const direct = define(logarithm(define(`1 + ${x}`), define))
    return `Math.abs(${x}) < 0.5 ? ${series} : ${direct}`
  }, 10),
  sqrt: unary((x) => `Math.sqrt(${x})`, 2),
  sin: unary((x, define) => sineOf(x, define, 0, `Math.sin(${x})`), 8),
  cos: unary((x, define) => sineOf(x, define, 1, `Math.cos(${x})`), 8),
  tanh: unary((x, define) => {
    const e = define(`Math.exp(-2 * Math.abs(${x}))`)
    const t = define(`(1 - ${e}) / (1 + ${e})`)
    // Near zero 1 − e has few digits left: there by the series of e^(2x) − 1.
    const twice = define(`2 * ${x}`)
    const small = define(expm1Series(twice, 8))
    return `Math.abs(${x}) < 0.25 ? ${small} / (${small} + 2) : (${x} < 0 ? 0 - ${t} : (${x} > 0 ? ${t} : ${x}))`
  }, 8),
  sigmoid: unary((x, define) => {
    const e = define(`Math.exp(0 - Math.abs(${x}))`)
    return `${x} < 0 ? ${e} / (1 + ${e}) : (${x} >= 0 ? 1 / (1 + ${e}) : ${x})`
  }, 6),
  erf: unary((x, define) => {
    const z = define(`${x} * ${x}`)
    const series = define(`${x} * ${erfSeries(z, 8)}`)
    const t = define(`1 / (1 + 0.3275911 * Math.abs(${x}))`)
    const tail = define(`1 - ${t} * ${erfTail(t)} * Math.exp(0 - ${z})`)
    return `${z} < 0.25 ? ${series} : (${x} < 0 ? 0 - ${tail} : (${x} > 0 ? ${tail} : ${x}))`
  }, 10),
  // Without the test Mesa makes it a maximum, which loses NaN.
  relu: unary((x, define) => `${notNumber(x, define)} > 0.5 ? ${x} : (${x} > 0 ? ${x} : 0)`),
  not: unary((x) => `1 - ${x}`),
  add: binary((x, y) => `${x} + ${y}`),
  sub: binary((x, y) => `${x} - ${y}`),
  mul: binary((x, y) => `${x} * ${y}`),
  div: binary((x, y) => `${x} / ${y}`, 2),
  rem: binary((x, y, define) => {
    const q = define(`${x} / ${y}`)
    return `${q} < 0 ? ${x} - Math.ceil(${q}) * ${y} : ${x} - Math.floor(${q}) * ${y}`
  }, 3),
  // A negative base: only whole exponents have a power, odd ones a negative one. Any power of 1 is 1, and anything to the power of 0.
  pow: binary((x, y, define) => {
    const size = define(`Math.abs(${x})`)
    const other = define(`${size} === 1 ? 2 : ${size}`)
    const power = define(`Math.pow(${other}, ${y})`)
    const magnitude = define(`${size} === 1 ? 1 : ${power}`)
    const whole = define(`Math.floor(${y})`)
    const odd = define(`${whole} - 2 * Math.floor(${whole} / 2)`)
    const zero = define(`${x} >= 0 ? 0 : ${y} - ${whole}`)
    const none = define(`(${zero} - ${zero}) / (${zero} - ${zero})`)
    const value = define(`${x} >= 0 ? ${magnitude} : (${zero} > 0 ? ${none} : (${odd} > 0.5 ? 0 - ${magnitude} : ${magnitude}))`)
    const bad = define(`${notNumber(x, define)} + ${notNumber(y, define)}`)
    return `${x} === 1 ? 1 : (${y} === 0 ? 1 : (${bad} > 0.5 ? ${x} + ${y} : ${value}))`
  }, 10),
  // Where neither comparison holds one of them is NaN, and so is the sum.
  maximum: binary((x, y) => `${x} > ${y} ? ${x} : (${y} >= ${x} ? ${y} : ${x} + ${y})`),
  minimum: binary((x, y) => `${x} < ${y} ? ${x} : (${y} <= ${x} ? ${y} : ${x} + ${y})`),
  atan2: binary(angleOf, 14),
  equal: binary((x, y) => `${x} === ${y} ? 1 : 0`),
  less: binary((x, y) => `${x} < ${y} ? 1 : 0`),
  lessEqual: binary((x, y) => `${x} <= ${y} ? 1 : 0`),
  and: binary((x, y) => `${x} * ${y}`),
  or: binary((x, y) => `${x} + ${y} > 0.5 ? 1 : 0`),
  select: { text: ([c = '0', x = '0', y = '0']) => `${c} > 0.5 ? ${x} : ${y}`, cost: 1 }
}

/** Integer quotients truncate; the operands are whole numbers of at most 24 bits, so a wrong last place is put right. */
export const integerDivision: ScalarFunction = binary((x, y, define) => {
  const [a, b] = [define(`Math.abs(${x})`), define(`Math.abs(${y})`)]
  const guess = define(`Math.floor(${a} / ${b})`)
  const rest = define(`${a} - ${guess} * ${b}`)
  const quotient = define(`${rest} < 0 ? ${guess} - 1 : (${rest} >= ${b} ? ${guess} + 1 : ${guess})`)
  return `(${x} < 0 ? 0 - 1 : 1) * (${y} < 0 ? 0 - 1 : 1) * ${quotient}`
}, 3)

/** The remainder that goes with `integerDivision`. */
export const integerRemainder: ScalarFunction = binary((x, y, define) => {
  const quotient = define(integerDivision.text([x, y], define))
  return `${x} - ${quotient} * ${y}`
}, 4)

/** Nonzero and NaN are true. */
export const truth: ScalarFunction = unary((x) => `${x} === 0 ? 0 : 1`)

/** Toward zero, within the range of an i32; NaN becomes 0. */
export const truncation: ScalarFunction = unary((x, define) => {
  const whole = define(`${x} < 0 ? Math.ceil(${x}) : Math.floor(${x})`)
  return `${whole} > 2147483000 ? 2147483648 : (${whole} < -2147483000 ? 0 - 2147483648 : (${whole} <= 0 ? ${whole} : (${whole} > 0 ? ${whole} : 0)))`
}, 2)
