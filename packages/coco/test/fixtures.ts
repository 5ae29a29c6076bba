import fs from 'node:fs'
import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { PathReporter } from 'io-ts/lib/PathReporter.js'

/** The repository's copy of the recordings. */
export const folder = new URL('../../../fixtures/coco/', import.meta.url)

/** A recording, decoded. Throws where it has another form. */
export const recording = <A>(codec: t.Decoder<unknown, A>, file: string | URL): A => {
  const decoded = codec.decode(JSON.parse(fs.readFileSync(file, 'utf8')))
  if (E.isLeft(decoded)) throw new Error(PathReporter.report(decoded).slice(0, 3).join('\n'))
  return decoded.right
}

/** The value of a `Right`. Throws the `Left` as text. */
export const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

/** The largest difference; NaN counts as equal to NaN only. */
export const distance = (got: ArrayLike<number>, want: ArrayLike<number>): number => {
  if (got.length !== want.length) return Infinity
  let worst = 0
  for (let k = 0; k < got.length; k++) {
    const [a, b] = [got[k] ?? NaN, want[k] ?? NaN]
    if (Number.isNaN(a) && Number.isNaN(b)) continue
    const d = Math.abs(a - b)
    if (!(d <= worst)) worst = Number.isNaN(d) ? Infinity : d
  }
  return worst
}
