/** One function at one point: its value, and the gradient of the sum of its value. */
export interface ExceptionalValue {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly gradient: readonly number[]
}

/**
 * What PyTorch 1.13 answers in float64 at NaN, infinities, zeros of both signs, kinks and ties. Elementwise functions are those of its
 * vector code; for single elements left over it answers otherwise at NaN (elu, hardSwish, relu6) and at 3 (hardSwish).
 */
export const exceptionalValues: readonly ExceptionalValue[] = [
  { name: 'clamp', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 1, -1, 0, -0, 1, -1, 1, -1, 1, 1, -1], gradient: [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0] },
  { name: 'clampLowest', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, 0, 0, -0, 1, 0, 3, 0, 6, 2, 0], gradient: [0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1, 0] },
  { name: 'clampHighest', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 0, -Infinity, 0, -0, 0, -1, 0, -3, 0, 0, -2], gradient: [0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 0, 1] },
  { name: 'relu', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, 0, 0, -0, 1, 0, 3, 0, 6, 2, 0], gradient: [1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0] },
  { name: 'relu6', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 6, 0, 0, -0, 1, 0, 3, 0, 6, 2, 0], gradient: [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0] },
  { name: 'hardSwish', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 0.6666666666666666, -0.3333333333333333, 3, -0, 6, 1.6666666666666667, -0.3333333333333333], gradient: [NaN, 1, 0, 0.5, 0.5, 0.8333333333333333, 0.16666666666666669, 1, -0.5, 1, 1.1666666666666665, -0.16666666666666663] },
  { name: 'hardSigmoid', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 1, 0, 0.5, 0.5, 0.6666666666666666, 0.3333333333333333, 1, 0, 1, 0.8333333333333334, 0.16666666666666666], gradient: [0, 0, 0, 0.1666666716337204, 0.1666666716337204, 0.1666666716337204, 0.1666666716337204, 0, 0, 0, 0.1666666716337204, 0.1666666716337204] },
  { name: 'leakyRelu', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, -Infinity, 0, -0, 1, -0.1, 3, -0.30000000000000004, 6, 2, -0.2], gradient: [0.1, 1, 0.1, 0.1, 0.1, 1, 0.1, 1, 0.1, 1, 1, 0.1] },
  { name: 'elu', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, -1, 0, 0, 1, -0.6321205588285577, 3, -0.950212931632136, 6, 2, -0.8646647167633873], gradient: [NaN, 1, 0, 1, 1, 1, 0.36787944117144233, 1, 0.049787068367863944, 1, 1, 0.1353352832366127] },
  { name: 'softplus', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, 0, 0.6931471805599453, 0.6931471805599453, 1.3132616875182228, 0.31326168751822286, 3.048587351573742, 0.04858735157374206, 6.00247568513773, 2.1269280110429727, 0.1269280110429725], gradient: [NaN, 1, 0, 0.5, 0.5, 0.7310585786300049, 0.2689414213699951, 0.9525741268224333, 0.04742587317756679, 0.9975273768433652, 0.8807970779778824, 0.11920292202211755] },
  { name: 'logSigmoid', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 0, -Infinity, -0.6931471805599453, -0.6931471805599453, -0.31326168751822286, -1.3132616875182228, -0.04858735157374206, -3.048587351573742, -0.0024756851377304495, -0.1269280110429725, -2.1269280110429727], gradient: [NaN, 0, 1, 0.5, 0.5, 0.2689414213699951, 0.7310585786300049, 0.04742587317756679, 0.9525741268224333, 0.0024726231566347748, 0.11920292202211755, 0.8807970779778824] },
  { name: 'abs', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, Infinity, 0, 0, 1, 1, 3, 3, 6, 2, 2], gradient: [0, 1, -1, 0, 0, 1, -1, 1, -1, 1, 1, -1] },
  { name: 'silu', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 0.7310585786300049, -0.2689414213699951, 2.8577223804672998, -0.14227761953270035, 5.985164261060192, 1.7615941559557646, -0.2384058440442351], gradient: [NaN, NaN, NaN, 0.5, 0.5, 0.9276705118714869, 0.07232948812851325, 1.0881041060151693, -0.08810410601516962, 1.0123264325915249, 1.0907842487848955, -0.09078424878489547] },
  { name: 'mish', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 0.8650983882673103, -0.30340146137410895, 2.9865350049679575, -0.1456474612756246, 5.999926634065252, 1.9439589595339946, -0.2525014826957089], gradient: [NaN, NaN, NaN, 0.6, 0.6, 1.0490362200997922, 0.059216755877395014, 1.0211069109294435, -0.09339311453232084, 1.00013414050621, 1.0693179342794896, -0.1083550924203939] },
  { name: 'gelu', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 0.841344746068543, -0.15865525393145702, 2.99595030590511, -0.00404969409489031, 5.999999994080474, 1.9544997361036416, -0.04550026389635842], gradient: [NaN, NaN, NaN, 0.5, 0.5, 1.0833154705876864, -0.08331547058768635, 1.011945647204184, -0.01194564720418392, 1.0000000354687093, 1.085231801078197, -0.08523180107819692] },
  { name: 'sigmoid', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 1, 0, 0.5, 0.5, 0.7310585786300049, 0.2689414213699951, 0.9525741268224334, 0.04742587317756678, 0.9975273768433653, 0.8807970779778823, 0.11920292202211755], gradient: [NaN, 0, 0, 0.25, 0.25, 0.19661193324148185, 0.19661193324148185, 0.045176659730912, 0.04517665973091214, 0.002466509291359931, 0.10499358540350662, 0.1049935854035065] },
  { name: 'tanh', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 1, -1, 0, -0, 0.7615941559557649, -0.7615941559557649, 0.9950547536867305, -0.9950547536867305, 0.9999877116507956, 0.9640275800758169, -0.9640275800758169], gradient: [NaN, 0, 0, 1, 1, 0.41997434161402614, 0.41997434161402614, 0.009866037165440166, 0.009866037165440166, 2.4576547405302974e-05, 0.07065082485316443, 0.07065082485316443] },
  { name: 'sqrt', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 1, NaN, 1.7320508075688772, NaN, 2.449489742783178, 1.4142135623730951, NaN], gradient: [NaN, 0, NaN, Infinity, -Infinity, 0.5, NaN, 0.2886751345948129, NaN, 0.20412414523193154, 0.35355339059327373, NaN] },
  { name: 'rsqrt', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 0, NaN, Infinity, -Infinity, 1, NaN, 0.5773502691896258, NaN, 0.4082482904638631, 0.7071067811865475, NaN], gradient: [NaN, -0, NaN, -Infinity, Infinity, -0.5, NaN, -0.09622504486493767, NaN, -0.0340206908719886, -0.17677669529663684, NaN] },
  { name: 'square', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, Infinity, 0, 0, 1, 1, 9, 9, 36, 4, 4], gradient: [NaN, Infinity, -Infinity, 0, -0, 2, -2, 6, -6, 12, 4, -4] },
  { name: 'exp', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, 0, 1, 1, 2.718281828459045, 0.36787944117144233, 20.085536923187668, 0.049787068367863944, 403.4287934927351, 7.38905609893065, 0.1353352832366127], gradient: [NaN, Infinity, 0, 1, 1, 2.718281828459045, 0.36787944117144233, 20.085536923187668, 0.049787068367863944, 403.4287934927351, 7.38905609893065, 0.1353352832366127] },
  { name: 'expm1', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, -1, 0, -0, 1.7182818284590453, -0.6321205588285577, 19.085536923187668, -0.950212931632136, 402.4287934927351, 6.38905609893065, -0.8646647167633873], gradient: [NaN, Infinity, 0, 1, 1, 2.7182818284590455, 0.36787944117144233, 20.085536923187668, 0.04978706836786395, 403.4287934927351, 7.38905609893065, 0.1353352832366127] },
  { name: 'erf', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, 1, -1, 0, -0, 0.8427007929497149, -0.8427007929497149, 0.9999779095030014, -0.9999779095030014, 1, 0.9953222650189527, -0.9953222650189527], gradient: [NaN, 0, 0, 1.1283791670955126, 1.1283791670955126, 0.4151074974205947, 0.4151074974205947, 0.00013925305194674786, 0.00013925305194674786, 2.6173012392492645e-16, 0.020666985354092053, 0.020666985354092053] },
  { name: 'log1p', x: [NaN, Infinity, -Infinity, 0, -0, 1, -1, 3, -3, 6, 2, -2], y: [NaN, Infinity, NaN, 0, -0, 0.6931471805599453, -Infinity, 1.3862943611198906, NaN, 1.9459101490553132, 1.0986122886681098, NaN], gradient: [NaN, 0, -0, 1, 1, 0.5, Infinity, 0.25, -0.5, 0.14285714285714285, 0.3333333333333333, -1] },
  { name: 'product', x: [NaN, 1, 2], y: [NaN], gradient: [NaN, NaN, NaN] },
  { name: 'product', x: [0, 2, 3], y: [0], gradient: [6, 0, 0] },
  { name: 'product', x: [0, 0, 3], y: [0], gradient: [0, 0, 0] },
  { name: 'product', x: [Infinity, 2, 3], y: [Infinity], gradient: [NaN, Infinity, Infinity] },
  { name: 'product', x: [Infinity, 0, 3], y: [NaN], gradient: [0, Infinity, NaN] },
  { name: 'product', x: [-0, 2, NaN], y: [NaN], gradient: [NaN, NaN, -0] },
  { name: 'product', x: [Infinity, -Infinity, 1], y: [-Infinity], gradient: [NaN, NaN, -Infinity] },
  { name: 'euclideanNorm', x: [0, 0], y: [0], gradient: [0, 0] },
  { name: 'euclideanNorm', x: [NaN, 1], y: [NaN], gradient: [NaN, NaN] },
  { name: 'euclideanNorm', x: [Infinity, 1], y: [Infinity], gradient: [NaN, 0] },
  { name: 'euclideanNorm', x: [-Infinity, 2], y: [Infinity], gradient: [NaN, 0] },
  { name: 'euclideanNorm', x: [0, 2], y: [2], gradient: [0, 1] },
  { name: 'euclideanNorm', x: [-3, 4], y: [5], gradient: [-0.6, 0.8] },
  { name: 'euclideanNorm', x: [3, -3], y: [4.242640687119285], gradient: [0.7071067811865476, -0.7071067811865476] },
  { name: 'max', x: [NaN, 1], y: [NaN], gradient: [NaN, NaN] },
  { name: 'min', x: [NaN, 1], y: [NaN], gradient: [NaN, NaN] },
  { name: 'logSumExp', x: [NaN, 1], y: [NaN], gradient: [NaN, NaN] },
  { name: 'max', x: [NaN, NaN, 1], y: [NaN], gradient: [NaN, NaN, NaN] },
  { name: 'min', x: [NaN, NaN, 1], y: [NaN], gradient: [NaN, NaN, NaN] },
  { name: 'logSumExp', x: [NaN, NaN, 1], y: [NaN], gradient: [NaN, NaN, NaN] },
  { name: 'max', x: [Infinity, Infinity, 1], y: [Infinity], gradient: [0.5, 0.5, 0] },
  { name: 'min', x: [Infinity, Infinity, 1], y: [1], gradient: [0, 0, 1] },
  { name: 'logSumExp', x: [Infinity, Infinity, 1], y: [Infinity], gradient: [NaN, NaN, 0] },
  { name: 'max', x: [-Infinity, -Infinity], y: [-Infinity], gradient: [0.5, 0.5] },
  { name: 'min', x: [-Infinity, -Infinity], y: [-Infinity], gradient: [0.5, 0.5] },
  { name: 'logSumExp', x: [-Infinity, -Infinity], y: [-Infinity], gradient: [NaN, NaN] },
  { name: 'max', x: [1, 1, 0], y: [1], gradient: [0.5, 0.5, 0] },
  { name: 'min', x: [1, 1, 0], y: [0], gradient: [0, 0, 1] },
  { name: 'logSumExp', x: [1, 1, 0], y: [1.8619948040582512], gradient: [0.42231879825151813, 0.42231879825151813, 0.1553624034969636] }
]
