import { readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { either as E, taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { annotate, categories } from './annotate.js'
import { checkOptions } from './options.js'
import { composeScene } from './scene.js'
import { keyOf, keyOfText } from './random-stream.js'
import { encodeScene, renderScene } from './render.js'
import { summarize } from './summary.js'
import type { Annotation, ImageEntry, InstancesFile } from './annotate.js'
import type { DrawScenesOptions } from './options.js'
import type { ScenesError } from './errors.js'
import type { Summary } from './summary.js'
import { makeFolder } from '../make-folder.js'

type Checked = Required<DrawScenesOptions>
type Drawn = { readonly image: ImageEntry; readonly annotations: readonly Omit<Annotation, 'id'>[] }

const contributor = 'tabula shapes'
/** Images in flight at once: enough to keep sharp's threads busy while the next scene is composed. */
const concurrency = 6

/**
 * Draws the embedded data set: `images` scenes as JPEG files under `<directory>/<split>/`, and their annotations in COCO
 * format in `<directory>/annotations/instances_<split>.json`, written last. The same options give the same bytes. A
 * folder that holds anything but an earlier drawing of that split is left as it was.
 */
export const drawScenes = (options: DrawScenesOptions): TE.TaskEither<ScenesError, Summary> =>
  pipe(
    TE.fromEither(checkOptions(options)),
    TE.tap((checked) => refuseOthersFiles(checked)),
    TE.flatMap((checked) =>
      pipe(
        drawAll(checked),
        TE.map((drawn) => instancesFile(checked, drawn)),
        TE.tap((file) => writeAtomically(annotationsPath(checked), JSON.stringify(file))),
        TE.map((file) =>
          summarize(file, { annotations: annotationsPath(checked), imagesFolder: join(checked.directory, checked.split) })
        )
      )
    )
  )

const annotationsPath = ({ directory, split }: Checked): string => join(directory, 'annotations', `instances_${split}.json`)

const writing = <A>(path: string, effect: () => Promise<A>): TE.TaskEither<ScenesError, A> =>
  TE.tryCatch(effect, (cause): ScenesError => ({ tag: 'WriteFailed', path, found: E.toError(cause).message }))

const writeAtomically = (path: string, content: string | Uint8Array): TE.TaskEither<ScenesError, void> =>
  writing(path, async () => {
    await writeFile(`${path}.partial`, content)
    await rename(`${path}.partial`, path)
  })

/** Images of another origin often have the same names; they must not be overwritten. */
const refuseOthersFiles =
  (checked: Checked): TE.TaskEither<ScenesError, void> =>
  async () => {
    const path = annotationsPath(checked)
    const folder = join(checked.directory, checked.split)
    const occupied = (at: string, found: string): E.Either<ScenesError, never> =>
      E.left({ tag: 'Occupied', path: at, found, action: 'choose another folder or another split name' })
    const earlier = await readFile(path, 'utf8').catch(() => undefined)
    if (earlier !== undefined) {
      return earlier.includes(`"contributor":"${contributor}"`)
        ? E.right(undefined)
        : occupied(path, 'is an annotation file of another origin')
    }
    const entries = await readdir(folder).catch(() => [])
    return entries.length === 0 ? E.right(undefined) : occupied(folder, `holds ${entries.length} files and no drawn annotations`)
  }

const drawAll =
  (checked: Checked): TE.TaskEither<ScenesError, readonly Drawn[]> =>
  async () => {
    const folder = join(checked.directory, checked.split)
    const made = await writing(folder, async () => {
      await makeFolder(folder)
      await makeFolder(join(checked.directory, 'annotations'))
    })()
    if (E.isLeft(made)) return made
    const drawn: Drawn[] = []
    let next = 0
    let failure: ScenesError | undefined
    const worker = async (): Promise<void> => {
      while (next < checked.images && failure === undefined) {
        const index = next
        next += 1
        const result = await drawOne(checked, index, folder)()
        if (E.isLeft(result)) failure = result.left
        else drawn[index] = result.right
      }
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
    return failure === undefined ? E.right(drawn) : E.left(failure)
  }

const drawOne = ({ seed, split, size }: Checked, index: number, folder: string): TE.TaskEither<ScenesError, Drawn> => {
  const image: ImageEntry = { id: index + 1, file_name: `${String(index + 1).padStart(12, '0')}.jpg`, width: size, height: size }
  const failed = (cause: unknown): ScenesError => ({ tag: 'DrawingFailed', image: image.id, found: E.toError(cause).message })
  return pipe(
    TE.fromEither(composeScene({ key: keyOf(seed, keyOfText(split)), index, width: size, height: size })),
    TE.mapLeft(failed),
    TE.bindTo('scene'),
    TE.bind('bytes', ({ scene }) => TE.tryCatch(async () => encodeScene(await renderScene(scene), size, size), failed)),
    TE.tap(({ bytes }) => writing(join(folder, image.file_name), () => writeFile(join(folder, image.file_name), bytes))),
    TE.map(({ scene }) => ({ image, annotations: scene.objects.map((object) => annotate(object, scene, image.id)) }))
  )
}

const instancesFile = ({ seed }: Checked, drawn: readonly Drawn[]): InstancesFile => ({
  info: { description: 'Procedurally drawn scenes of textured, overlapping shapes', version: '1', contributor, seed },
  licenses: [{ id: 1, name: 'MIT', url: 'https://opensource.org/license/mit' }],
  images: drawn.map(({ image }) => image),
  annotations: drawn.flatMap(({ annotations }) => annotations).map((annotation, index) => ({ id: index + 1, ...annotation })),
  categories
})
