import { describe, expect, test } from 'vitest'
import { bind, bindAll, cond, constant, hostValue, placeholder, topologicalOrder, total } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import { checkpoint, grad, hvp, jvp, linearize, stopGradient, valueAndGrad, vjp, vmap } from '../src/index.js'
import { countNodes, generated, numbers, run, tensor } from './support/run.js'

type Vector = Tensor<Shape, 'f32'>
const product = (a: Tensor, b: Tensor): Vector => bind('mul', {}, a, b) as Vector
const plus = (a: Tensor, b: Tensor): Vector => bind('add', {}, a, b) as Vector
const sine = (x: Tensor): Vector => bind('sin', {}, x) as Vector
const square = (x: Tensor): Vector => product(x, x)
const argmax = (x: Tensor): Tensor<Shape, 'i32'> => bind('argmax', { axis: 0 }, x) as Tensor<Shape, 'i32'>
const index = (i: number): Tensor<readonly [], 'i32'> => constant(hostValue('i32', [], Int32Array.of(i))) as Tensor<readonly [], 'i32'>

describe('jvp over trees', () => {
  const parameters = { layer: { w: tensor([2], [3, 4]), b: tensor([2], [1, 2]) }, list: [tensor([], [5])] as const, absent: null }
  type Parameters = typeof parameters
  const direction: Parameters = { layer: { w: tensor([2], [1, 0]), b: tensor([2], [0, 10]) }, list: [tensor([], [2])], absent: null }

  test('the value and the derivative along a direction', () => {
    const f = (p: Parameters) => ({ y: product(p.layer.w, p.layer.b), scale: [square(p.list[0])] as const })
    const { value, tangent } = jvp(f, parameters, direction)
    expect([numbers(value.y), numbers(value.scale[0])]).toEqual([[3, 8], [25]])
    expect([numbers(tangent.y), numbers(tangent.scale[0])]).toEqual([[1, 40], [20]])
  })

  test('null is zero, for some leaves or all', () => {
    const f = (p: Parameters): Vector => plus(product(p.layer.w, p.layer.b), p.list[0])
    const still = { layer: { w: null, b: null }, list: [null] as const, absent: null }
    expect(numbers(jvp(f, parameters, { ...still, list: [tensor([], [7])] }).tangent)).toEqual([7, 7])
    expect(numbers(jvp(f, parameters, { ...still, layer: { w: null, b: tensor([2], [1, 1]) } }).tangent)).toEqual([3, 4])
    expect(numbers(jvp(f, parameters, still).tangent)).toEqual([0, 0])
    expect(countNodes(jvp((x: Vector) => sine(x), tensor([2], [1, 2]), null).tangent)).toEqual({ constant: 1, broadcastTo: 1 })
  })

  test('integers of the result have null, what does not move has zeros of its shape', () => {
    const f = (p: Parameters) => ({ at: argmax(p.layer.w), constant: tensor([2, 0, 3], []), w: p.layer.w })
    const { value, tangent } = jvp(f, parameters, direction)
    expect(numbers(value.at)).toEqual([1])
    expect(tangent.at).toBeNull()
    expect([tangent.constant.shape, tangent.constant.dtype]).toEqual([[2, 0, 3], 'f32'])
    expect(numbers(tangent.w)).toEqual([1, 0])
  })

  test('further arguments are constants, also where they are the same tensor', () => {
    const x = tensor([], [3])
    const one = tensor([], [1])
    expect(numbers(jvp((p: Vector, c: Vector) => product(p, c), x, one, x).tangent)).toEqual([3])
    expect(numbers(jvp((p: Vector) => product(p, x), x, one).tangent)).toEqual([3])
  })

  test('one tensor at two leaves is two variables; a leaf may be an expression of another, or a further output', () => {
    const x = tensor([], [3])
    const f = ([a, b]: readonly [Vector, Vector]): Vector => product(square(a), b)
    expect(numbers(jvp(f, [x, x], [tensor([], [1]), null]).tangent)).toEqual([18])
    expect(numbers(jvp(f, [x, square(x)], [tensor([], [1]), tensor([], [10])]).tangent)).toEqual([2 * 3 * 9 + 90])
    const [, second] = bindAll('barrier', {}, tensor([], [1]), x, x)
    if (second === undefined) throw new Error('two results')
    expect(numbers(jvp((p: Vector) => square(p), second as Vector, x).tangent)).toEqual([18])
  })

  test('a direction may be an expression of the parameters, and nothing of the placeholders remains', () => {
    const x = placeholder('x', { shape: [2], dtype: 'f32' })
    const { value, tangent } = jvp((p: Vector) => total(square(p)), x, sine(x))
    const inputs = topologicalOrder([value, tangent]).filter(({ primitive }) => primitive === 'input')
    expect(inputs).toEqual([x.node])
  })
})

describe('linearize', () => {
  const f = (x: Vector, c: Vector) => ({ y: sine(product(square(x), c)), at: argmax(x) })
  const x = tensor([3], [0.3, -0.8, 1.2])
  const c = tensor([], [2])
  const { value, pushforward } = linearize(f)(x, c)

  test('is jvp, along any number of directions', () => {
    expect(numbers(value.y)).toEqual(numbers(f(x, c).y))
    for (const direction of [tensor([3], [1, 0, 0]), tensor([3], [0.5, -2, 3])]) {
      const tangent = pushforward(direction)
      expect(tangent.at).toBeNull()
      expect(numbers(tangent.y)).toEqual(numbers(jvp(f, x, direction, c).tangent.y))
    }
    expect(numbers(pushforward(null).y)).toEqual([0, 0, 0].map((zero) => expect.closeTo(zero, 300)))
  })

  test('directions share what does not depend on them', () => {
    const both = [pushforward(tensor([3], [1, 0, 0])).y, pushforward(tensor([3], [0, 1, 0])).y]
    expect(countNodes(both)['cos']).toBe(1)
  })

  test('refuses directions that do not fit, by path', () => {
    const { pushforward: push } = linearize((p: { readonly a: readonly [Vector] }) => square(p.a[0]))({ a: [x] })
    expect(() => push({ a: [tensor([2], [1, 2])] })).toThrow('linearize: tangents.a.0: expected [3], found [2]')
    expect(() => push({ a: [] } as unknown as { readonly a: readonly [Vector] })).toThrow('linearize: tangents.a: expected an array of 1')
  })
})

describe('higher order', () => {
  const one = tensor([], [1])
  const cube = (x: Vector): Vector => product(square(x), x)
  const slope =
    (f: (x: Vector) => Vector) =>
    (x: Vector): Vector =>
      jvp(f, x, one).tangent

  test('derivatives of x³ by forward mode over itself', () => {
    const x = tensor([], [2])
    const [first, second, third] = [slope(cube), slope(slope(cube)), slope(slope(slope(cube)))]
    expect([first, second, third, slope(third)].map((f) => numbers(f(x))[0])).toEqual([12, 12, 6, 0])
  })

  test('perturbations do not mix: d/dx (x · d/dy (x + y))', () => {
    const f = (x: Vector): Vector => product(x, jvp((y: Vector) => plus(x, y), x, one).tangent)
    const mixed = (x: Vector): Vector => product(x, grad((y: Vector) => plus(x, y))(x))
    expect([slope(f), slope(mixed)].map((g) => numbers(g(tensor([], [7]))))).toEqual([[1], [1]])
    expect(numbers(grad(f)(tensor([], [7])))).toEqual([1])
  })

  test('every order of both modes gives one second derivative', () => {
    const f = (x: Vector): Vector => sine(product(x, sine(x)))
    const x = tensor([], [0.7])
    const pulled = (g: (x: Vector) => Vector) => (y: Vector): Vector => vjp(g)(y).pullback(one)
    const [expected = NaN] = numbers(grad(grad(f))(x))
    for (const second of [slope(slope(f)), slope(grad(f)), grad(slope(f)), slope(pulled(f)), pulled(slope(f)), pulled(grad(f))]) {
      expect(numbers(second(x))[0]).toBeCloseTo(expected, 14)
    }
    expect(numbers(linearize(grad(f))(x).pushforward(one))[0]).toBeCloseTo(expected, 14)
  })

  test('vmap of jvp is the loop, and jvp of vmap is vmap of jvp', () => {
    const f = (x: Vector): Vector => total(product(sine(x), square(x)))
    const [xs, directions] = [generated([4, 3], (k) => Math.sin(k)), generated([4, 3], (k) => Math.cos(3 * k))]
    const each = vmap((x: Vector, t: Vector) => jvp(f, x, t).tangent)(xs, directions)
    const whole = jvp(vmap(f), xs, directions).tangent
    const row = (x: Vector, k: number): Vector => bind('reshape', { shape: [3] }, bind('slice', { start: [k, 0], limit: [k + 1, 3], stride: [1, 1] }, x)) as Vector
    const loop = [0, 1, 2, 3].map((k) => numbers(jvp(f, row(xs, k), row(directions, k)).tangent)[0])
    expect(numbers(each as Tensor)).toEqual(loop.map((x) => expect.closeTo(x ?? NaN, 14)))
    expect(numbers(whole as Tensor)).toEqual(loop.map((x) => expect.closeTo(x ?? NaN, 14)))
  })
})

describe('hvp', () => {
  interface Weights {
    readonly w: Vector
    readonly b: Vector
  }
  const weights: Weights = { w: generated([3, 2], (k) => Math.sin(k + 1)), b: tensor([2], [0.1, -0.3]) }
  const direction: Weights = { w: generated([3, 2], (k) => Math.cos(2 * k)), b: tensor([2], [1, -2]) }
  const x = generated([4, 3], (k) => Math.sin(3 * k))
  const loss = ({ w, b }: Weights, input: Vector): Vector => {
    const hidden = bind('tanh', {}, plus(bind('matmul', {}, input, w), b))
    return total(product(square(hidden), bind('exp', {}, hidden)))
  }
  const numbersOf = (p: Weights): readonly number[] => run(p).flatMap(({ data }) => Array.from(data))

  test('the Hessian of a quadratic form is its matrix', () => {
    const a = tensor([2, 2], [2, 1, 1, 5])
    const f = (v: Vector): Vector => total(product(v, bind('matmul', {}, v, a)))
    expect(numbers(hvp(f, tensor([1, 2], [3, 4]), tensor([1, 2], [1, 0])))).toEqual([4, 2])
    expect(numbers(hvp(f, tensor([1, 2], [3, 4]), tensor([1, 2], [0, 1])))).toEqual([2, 10])
  })

  test('is forward over reverse, reverse over forward and reverse over reverse', () => {
    const found = numbersOf(hvp(loss, weights, direction, x))
    const dot = (a: Weights, b: Weights): Vector => plus(total(product(a.w, b.w)), total(product(a.b, b.b)))
    const overForward = grad((p: Weights): Vector => jvp(loss, p, direction, x).tangent)(weights)
    const overReverse = grad((p: Weights): Vector => dot(grad(loss)(p, x), direction))(weights)
    const close = found.map((value) => expect.closeTo(value, 12))
    expect(numbersOf(overForward)).toEqual(close)
    expect(numbersOf(overReverse)).toEqual(close)
  })

  test('null in the direction, and leaves that the gradient does not rest on', () => {
    const f = (p: Weights): Vector => plus(total(square(p.w)), total(p.b))
    const still = hvp(f, weights, { w: null, b: direction.b })
    expect([still.w.shape, numbers(still.w), numbers(still.b)]).toEqual([[3, 2], [0, 0, 0, 0, 0, 0], [0, 0]])
    expect(numbers(hvp(f, weights, direction).w)).toEqual(numbers(direction.w).map((t) => 2 * t))
  })

  test('a loss that is not one number is refused', () => {
    expect(() => hvp((p: Vector) => square(p), tensor([2], [1, 2]), tensor([2], [1, 2]))).toThrow('hvp: loss: expected []')
  })
})

describe('checkpoint', () => {
  const block = (x: Vector, w: Vector): Vector => sine(product(sine(product(sine(x), w)), w))
  const at = { x: tensor([2], [0.3, 0.7]), w: tensor([2], [1.1, -0.4]) }
  const direction = { x: tensor([2], [1, -2]), w: tensor([2], [0.5, 3]) }
  type Arguments = typeof at
  const plain = ({ x, w }: Arguments): Vector => total(block(x, w))
  const remade = ({ x, w }: Arguments): Vector => total(checkpoint(block)(x, w))

  test('changes nothing in any order of modes', () => {
    const values = (f: (p: Arguments) => Vector): readonly number[] =>
      run([jvp(f, at, direction), hvp(f, at, direction), grad((p: Arguments): Vector => jvp(f, p, direction).tangent)(at)]).flatMap(({ data }) =>
        Array.from(data)
      )
    expect(values(remade)).toEqual(values(plain))
  })

  test('reverse mode over forward mode computes the derivative again behind a barrier', () => {
    const { value, gradient } = valueAndGrad((p: Vector): Vector => total(jvp(checkpoint((q: Vector) => sine(sine(q))), p, p).tangent))(at.x)
    expect(countNodes(value)).toMatchObject({ call: 1 })
    expect(countNodes(gradient)['barrier']).toBeGreaterThanOrEqual(1)
    expect(countNodes(gradient)['call']).toBeUndefined()
  })

  test('forward mode over reverse mode stays behind the barrier too', () => {
    const f = (p: Vector): Vector => total(product(checkpoint((q: Vector) => sine(sine(q)))(p), tensor([2], [3, 4])))
    const { tangent } = jvp(grad(f), at.x, at.x)
    const cosines = topologicalOrder([tangent]).filter(({ primitive }) => primitive === 'cos')
    const behind = (x: Tensor): boolean => topologicalOrder([x]).some(({ primitive }) => primitive === 'barrier')
    expect(cosines.length).toBeGreaterThan(0)
    expect(cosines.every(({ inputs }) => inputs.every(behind))).toBe(true)
  })

  test('captured tensors move too', () => {
    const f = (p: Arguments): Vector => {
      const scaled = product(p.w, tensor([], [2]))
      return checkpoint((x: Vector) => sine(product(x, scaled)))(p.x)
    }
    const g = (p: Arguments): Vector => sine(product(p.x, product(p.w, tensor([], [2]))))
    expect(numbers(jvp(f, at, direction).tangent)).toEqual(numbers(jvp(g, at, direction).tangent))
  })
})

describe('cond', () => {
  const branches = [
    ({ a, b }: { readonly a: Vector; readonly b: Vector }) => ({ y: product(a, b), z: sine(a) }),
    ({ a }: { readonly a: Vector; readonly b: Vector }) => ({ y: square(a), z: tensor([], [1]) }),
    () => ({ y: tensor([], [4]), z: tensor([], [1]) })
  ] as const
  const at = { a: tensor([], [0.5]), b: tensor([], [3]) }
  const direction = { a: tensor([], [1]), b: tensor([], [10]) }
  type Operands = typeof at
  const f =
    (taken: number) =>
    (operands: Operands) =>
      cond(index(taken), branches, operands) as { readonly y: Vector; readonly z: Vector }

  test('the derivative of the branch taken, zeros where it has none', () => {
    const tangents = [0, 1, 2].map((taken) => {
      const { tangent } = jvp(f(taken), at, direction)
      return [...numbers(tangent.y), ...numbers(tangent.z)]
    })
    expect(tangents).toEqual([[3 + 5, Math.cos(0.5)], [1, 0], [0, 0]])
  })

  test('of second order', () => {
    const second = (taken: number) => numbers(hvp((p: Operands): Vector => f(taken)(p).y, at, direction).a)
    expect([second(0), second(1), second(2)]).toEqual([[10], [2], [0]])
    const forward = jvp((p: Operands) => jvp(f(0), p, direction).tangent.y, at, direction)
    expect(numbers(forward.tangent)).toEqual([20])
  })

  test('an operand that does not move costs nothing', () => {
    const { tangent } = jvp(f(1), at, { a: null, b: tensor([], [1]) })
    expect([numbers(tangent.y), numbers(tangent.z)]).toEqual([[0], [0]])
  })
})

describe('the program of a tangent', () => {
  const value = (k: number): number => Math.sin(k)

  test('matmul: two products where both operands move, one where one does', () => {
    const f = (p: { readonly a: Vector; readonly b: Vector }): Tensor => bind('matmul', {}, p.a, p.b)
    const at = { a: generated([4, 3], value), b: generated([3, 5], value) }
    expect(countNodes(jvp(f, at, at).tangent)).toEqual({ constant: 2, matmul: 2, add: 1 })
    expect(countNodes(jvp(f, at, { ...at, b: null }).tangent)).toEqual({ constant: 2, matmul: 1 })
  })

  test('conv2d: two convolutions', () => {
    const attributes = { stride: [1, 1], padding: [[1, 1], [1, 1]], dilation: [1, 1], groups: 1 } as const
    const at = { x: generated([1, 2, 5, 5], value), w: generated([3, 2, 3, 3], value) }
    const { tangent } = jvp((p: typeof at): Tensor => bind('conv2d', attributes, p.x, p.w), at, at)
    expect(countNodes(tangent)).toEqual({ constant: 2, conv2d: 2, add: 1 })
  })

  test('linear primitives are applied to the tangent; what does not move is not computed', () => {
    const x = generated([2, 3], value)
    const t = generated([2, 3], (k) => k)
    const f = (p: Vector): Tensor => bind('transpose', { permutation: [1, 0] }, bind('sub', {}, bind('neg', {}, p), sine(x)))
    expect(countNodes(jvp(f, x, t).tangent)).toEqual({ constant: 1, neg: 1, transpose: 1 })
  })

  const chain =
    (length: number) =>
    (x: Vector): Vector => {
      let y = x
      for (let step = 0; step < length; step++) y = sine(y)
      return y
    }

  test('a chain of n elementwise operations: n cosines, n products; 100,000 do not overflow the stack', () => {
    for (const length of [1, 10, 100_000]) {
      const counts = countNodes(jvp(chain(length), tensor([1], [1]), tensor([1], [1])).tangent)
      expect([counts['cos'], counts['mul']]).toEqual([length, length])
    }
  })

  test('a chain whose tensors are used twice is linear, not exponential', () => {
    const f = (x: Vector): Vector => {
      let y = x
      for (let step = 0; step < 50; step++) y = plus(y, y)
      return y
    }
    const { tangent } = jvp(f, tensor([], [1]), tensor([], [1]))
    expect(numbers(tangent)).toEqual([2 ** 50])
    expect(countNodes(tangent)['add']).toBe(50)
  })

  test('many calls, checkpoints and conditionals cost in proportion to their number', () => {
    const step = (x: Vector): Vector => cond(index(0), [(o: { readonly x: Vector }) => checkpoint(sine)(o.x)], { x })
    const long =
      (length: number) =>
      (x: Vector): Vector => {
        let y = x
        for (let k = 0; k < length; k++) y = checkpoint(sine)(step(y))
        return y
      }
    const size = (length: number): number =>
      Object.values(countNodes(jvp(long(length), tensor([1], [1]), tensor([1], [1])).tangent)).reduce((a, b) => a + b)
    expect(size(800)).toBeLessThan(size(100) * 8.5)
  })
})

describe('errors', () => {
  const x = tensor([2], [1, 2])
  const parameters = { w: x, more: [x, tensor([], [1])] as const }
  const attempt = (tangents: unknown) => () => jvp((p: typeof parameters) => square(p.w), parameters, tangents as typeof parameters)

  test('tangents of another structure, shape or type, by path', () => {
    expect(attempt({ w: x })).toThrow('jvp: tangents: expected a record of w, more, found a record of w')
    expect(attempt({ w: x, more: [x] })).toThrow('jvp: tangents.more: expected an array of 2, found an array of 1')
    expect(attempt({ w: tensor([3], [1, 2, 3]), more: [x, null] })).toThrow('jvp: tangents.w: expected [2], found [3]')
    expect(attempt({ w: x, more: [x, tensor([1], [1])] })).toThrow('jvp: tangents.more.1: expected [], found [1]')
    expect(attempt({ w: bind('cast', { dtype: 'i32' }, x), more: [null, null] })).toThrow('jvp: tangents.w: expected f32, found i32')
    expect(attempt({ w: 1, more: [null, null] })).toThrow('jvp: tangents.w: expected a tensor f32[2] or null, found a number')
  })

  test('integer parameters, and parameters that are no tensors, by path', () => {
    const count = index(1)
    expect(() => jvp((p: { readonly state: { readonly count: Tensor } }) => p.state.count, { state: { count } }, { state: { count: null } })).toThrow(
      'jvp: parameters.state.count: expected f32'
    )
    expect(() => linearize((p: { readonly rate: number }) => tensor([], [p.rate]))({ rate: 0.1 })).toThrow('linearize: parameters.rate: expected a tensor, found a number')
  })

  test('a result that is no tree of tensors', () => {
    expect(() => jvp(() => ({ y: 1 }), x, x)).toThrow('jvp: result.y: expected a tensor, found a number')
  })

  test('a result that rests on what moves only through what has no derivative names the way, unless stopGradient is written', () => {
    const place = (p: Vector): Vector => bind('cast', { dtype: 'f32' }, argmax(p)) as Vector
    for (const attempted of [
      () => jvp(place, x, x),
      () => linearize(place)(x),
      () => jvp((p: Vector) => ({ y: square(p), place: place(p) }), x, x)
    ]) {
      expect(attempted).toThrow('argmax')
    }
    expect(numbers(jvp((p: Vector) => place(stopGradient(p)), x, x).tangent)).toEqual([0])
    expect(numbers(jvp((p: Vector) => bind('floor', {}, p) as Vector, x, x).tangent)).toEqual([0, 0])
  })
})
