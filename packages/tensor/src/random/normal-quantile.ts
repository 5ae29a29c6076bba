// Coefficients of M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988), constant term first.
const central = {
  numerator: [3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227],
  denominator: [1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943, 5226.495278852855]
}
const near = {
  numerator: [1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414],
  denominator: [1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9]
}
const far = {
  numerator: [6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124, 0.0012426609473880784, 0.000027115555687434876, 2.0103343992922881e-7],
  denominator: [1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 0.000018463183175100548, 1.421511758316446e-7, 2.0442631033899397e-15]
}

const ratio = ({ numerator, denominator }: typeof central, x: number): number => {
  const polynomial = (coefficients: readonly number[]): number => coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)
  return polynomial(numerator) / polynomial(denominator)
}

/** √2·erf⁻¹(u): the standard normal quantile of (1 + u) / 2, to about 1e-15, for u in (−1, 1); ±∞ at ±1. */
export const normalQuantile = (u: number): number => {
  if (Math.abs(u) <= 0.85) return (u / 2) * ratio(central, 0.180625 - (u * u) / 4)
  const depth = Math.sqrt(-Math.log((1 - Math.abs(u)) / 2))
  if (depth === Infinity) return Math.sign(u) * Infinity
  return Math.sign(u) * (depth <= 5 ? ratio(near, depth - 1.6) : ratio(far, depth - 5))
}
