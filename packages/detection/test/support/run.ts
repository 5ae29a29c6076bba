import { either as E } from 'fp-ts'
import { compile, showError } from '@tabula/tensor'
import type { TensorsOf } from '@tabula/tensor'
import { referenceDevice } from '@tabula/tensor/reference'

/** What a program makes of inputs, in double precision; throws what it answers instead. */
export const run = async <I, O>(f: (inputs: TensorsOf<I>) => O, inputs: I) => {
  const compiled = await compile(referenceDevice())<I, O>(f, inputs)()
  if (E.isLeft(compiled)) throw new Error(showError(compiled.left))
  const ran = await compiled.right.run(inputs)()
  if (E.isLeft(ran)) throw new Error(showError(ran.left))
  return ran.right
}
