import { either as E } from 'fp-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { messageOf } from '@tabula/tensor'

/** Work's outcome, or what was thrown in it: a device may throw while it is being lost. */
export const guarded = async <A>(work: TaskEither<string, A>): Promise<E.Either<string, A>> => {
  try {
    return await work()
  } catch (thrown) {
    return E.left(messageOf(thrown))
  }
}
