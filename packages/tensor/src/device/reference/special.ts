/** The nearest integer with x's sign, halves to the even one (IEEE 754 `roundToIntegralTiesToEven`). */
export const roundHalfEven = (x: number): number => {
  const below = Math.floor(x)
  const rest = x - below
  const rounded = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : rest >= 0.5 ? below + 1 : x
  return rounded === 0 ? x * 0 : rounded
}

/** Power as IEEE 754 and C define it: unlike `**`, 1 to any power is 1, and −1 to an infinite power is 1. */
export const power = (base: number, exponent: number): number =>
  base === 1 || (base === -1 && (exponent === Infinity || exponent === -Infinity)) ? 1 : base ** exponent

const polynomial = (coefficients: readonly number[], x: number): number => {
  let sum = 0
  for (const coefficient of coefficients) sum = sum * x + coefficient
  return sum
}

// Coefficients of W. J. Cody's rational approximations, highest power first.
const nearZero = {
  numerator: [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  denominator: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171]
}
const middle = {
  numerator: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972
  ],
  denominator: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495
  ]
}
const far = {
  numerator: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378
  ],
  denominator: [1, 2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918]
}
const inverseRootPi = 0.5641895835477563

/** erfc of x > 0.46875. */
const complement = (x: number): number => {
  // exp(−x²) from a coarse square and the small rest, which keeps the relative error of erfc small for large x.
  const coarse = Math.trunc(x * 16) / 16
  const gaussian = Math.exp(-coarse * coarse) * Math.exp(-(x - coarse) * (x + coarse))
  if (x <= 4) return (gaussian * polynomial(middle.numerator, x)) / polynomial(middle.denominator, x)
  const z = 1 / (x * x)
  const tail = (z * polynomial(far.numerator, z)) / polynomial(far.denominator, z)
  return (gaussian * (inverseRootPi - tail)) / x
}

/** The error function, to about 1e-16 (W. J. Cody, "Rational Chebyshev approximations for the error function", 1969). */
export const erf = (x: number): number => {
  const magnitude = Math.abs(x)
  if (magnitude <= 0.46875) return (x * polynomial(nearZero.numerator, x * x)) / polynomial(nearZero.denominator, x * x)
  if (magnitude > 6) return Math.sign(x)
  return x > 0 ? 1 - complement(x) : complement(-x) - 1
}
