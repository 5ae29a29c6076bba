import type { IGPUTextureSettings, Texture } from 'gpu.js'

/** The class of gpu.js's textures for the results of threads in one dimension, which it does not export. */
export type FlatTexture = new (settings: IGPUTextureSettings) => Texture

/** The class of a texture that threads in one dimension drew. */
export const flatTextureOf = (texture: Texture): FlatTexture => texture.constructor as FlatTexture // `constructor` is typed as any function.

/**
 * The same texels as a texture of one class, whatever the threads' dimensions were: gpu.js has a class for each, and a kernel's seat
 * takes only the class that it was compiled for.
 */
export const asFlat = (texture: Texture, Flat: FlatTexture, length: number): Texture => {
  if (texture.constructor === Flat) return texture
  // gpu.js keeps a texture's settings as its properties, which it does not declare.
  const flat = new Flat({ ...(texture as unknown as IGPUTextureSettings), output: [length] })
  // Both count as users of the texels.
  texture.delete()
  return flat
}
