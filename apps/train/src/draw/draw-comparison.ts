import sharp from 'sharp'
import { taskEither as TE } from 'fp-ts'
import { pipe } from 'fp-ts/lib/function.js'
import { drawDetections, encodingFailed } from './draw-detections.js'
import type { DrawError, Drawable, RgbImage } from './picture.js'
import type { DrawOptions } from './draw-detections.js'
import type { LabelFont } from './label-font.js'

const [gap, header, textSize] = [8, 26, 15]

/** A PNG with two pictures of one image side by side, the ground truth on the left and the predictions on the right. */
export const drawComparison = (
  font: LabelFont,
  image: RgbImage,
  truth: readonly Drawable[],
  predictions: readonly Drawable[],
  options: Pick<DrawOptions, 'longSide'> = {}
): TE.TaskEither<DrawError, Buffer> =>
  pipe(
    TE.Do,
    TE.bind('left', () => drawDetections(font, image, truth, options)),
    TE.bind('right', () => drawDetections(font, image, predictions, options)),
    TE.flatMap(({ left, right }) => TE.tryCatch(() => joinPictures(font, left, right), encodingFailed))
  )

const joinPictures = async (font: LabelFont, left: Buffer, right: Buffer): Promise<Buffer> => {
  const [{ width, height }, other] = await Promise.all([sharp(left).metadata(), sharp(right).metadata()])
  // A legend makes a picture higher.
  const size = { width: 2 * width + gap, height: Math.max(height, other.height) + header }
  const title = (text: string, x: number): string => `<path d="${font.pathOf(text, x, header - 8, textSize)}" fill="#111"/>`
  const titles =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${header}">` +
    `${title('Ground truth', 2)}${title('Prediction', width + gap + 2)}</svg>`
  return sharp({ create: { ...size, channels: 3, background: '#fff' } })
    .composite([
      { input: Buffer.from(titles), left: 0, top: 0 },
      { input: left, left: 0, top: header },
      { input: right, left: width + gap, top: header }
    ])
    .removeAlpha()
    .png()
    .toBuffer()
}
