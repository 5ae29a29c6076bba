import type { RgbImage } from './image.js'

/** Decoded images by path, the least recently used of which give way when they exceed a number of bytes. */
export interface ImageCache {
  readonly get: (file: string) => RgbImage | undefined
  readonly put: (file: string, image: RgbImage) => void
}

/** An empty cache that holds at most `budget` bytes of pixels. */
export const imageCache = (budget: number): ImageCache => {
  const images = new Map<string, RgbImage>()
  let bytes = 0
  const remove = (file: string): void => {
    bytes -= images.get(file)?.data.length ?? 0
    images.delete(file)
  }
  return {
    get: (file) => {
      const image = images.get(file)
      if (image !== undefined) {
        // A Map keeps the order of insertion: put in anew, the image is the last to go.
        images.delete(file)
        images.set(file, image)
      }
      return image
    },
    put: (file, image) => {
      remove(file)
      if (image.data.length > budget) return
      images.set(file, image)
      bytes += image.data.length
      for (const oldest of images.keys()) {
        if (bytes <= budget) break
        remove(oldest)
      }
    }
  }
}
