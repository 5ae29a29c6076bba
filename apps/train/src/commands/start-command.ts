import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'
import { describeScenesError, drawScenes } from '../scenes/index.js'
import type { Summary } from '../scenes/index.js'
import type { Terminal } from '../consumers/index.js'

/** A split of the embedded data set. */
export interface ShapesRequest {
  readonly directory: string
  readonly split: string
  readonly images: number
  readonly seed: number
  readonly size?: number
}

/** Draws a split of the embedded data set. */
export const drawShapes = (request: ShapesRequest): TE.TaskEither<Failure, Summary> => pipe(drawScenes(request), TE.mapLeft((error) => badInput(`shapes: ${describeScenesError(error)}`)))

const Drawn = t.type({ info: t.type({ seed: t.number }), images: t.array(t.unknown) })

/** Whether a split was drawn already, with this seed and number of images. */
const isDrawn = async ({ directory, split, images, seed }: ShapesRequest): Promise<boolean> => {
  try {
    await access(join(directory, split))
    const decoded = Drawn.decode(JSON.parse(await readFile(join(directory, 'annotations', `instances_${split}.json`), 'utf8')))
    return decoded._tag === 'Right' && decoded.right.info.seed === seed && decoded.right.images.length === images
  } catch {
    return false
  }
}

/** Draws splits unless they are there already, and tells what they hold. */
export const prepareShapes = (requests: readonly ShapesRequest[], { write }: Terminal): TE.TaskEither<Failure, void> =>
  pipe(
    requests,
    TE.traverseSeqArray((request) =>
      pipe(
        TE.fromTask<boolean, Failure>(() => isDrawn(request)),
        TE.flatMap((drawn) =>
          drawn
            ? TE.fromIO(() => write(`${request.directory}: ${request.images} images of split ${request.split} are there.\n`))
            : pipe(
                drawShapes(request),
                TE.tapIO((summary) => () => write(`${shapesText(summary)}\n`)),
                TE.asUnit
              )
        )
      )
    ),
    TE.asUnit
  )

/** What was drawn, for a person. */
export const shapesText = ({ annotations, images, instances, crowds, smallShare, overlappingShare, perCategory }: Summary): string =>
  [
    `Drew ${images} images with ${instances} objects and ${crowds} crowds (${(instances / images).toFixed(1)} an image, ${(smallShare * 100).toFixed(0)} % small, ${(overlappingShare * 100).toFixed(0)} % overlapping): ${annotations}`,
    `  ${perCategory.map(({ name, instances: count }) => `${name} ${count}`).join(', ')}`
  ].join('\n')
