import type { GPU } from 'gpu.js'

/**
 * How gpu.js reads a texel: two divisions of whole numbers, which processors and adapters do one at a time, for each. Groups: what stands before
 * them, the parameters and the name of the sampler's function.
 */
const imageReader = /(vec4 getImage2D\(sampler2D tex, ivec2 texSize, ivec3 texDim, int z, int y, int x\) \{)(?=[^}]*return (texture2D|texture)\(tex, )/

/**
 * The same for an index of one dimension, in real numbers. Such an array has at most 2²³ elements, so that the index and its half are exact; a
 * quotient that is off by a unit is put right.
 */
const flatRead = (sampler: string): string => `
  if (z == 0 && y == 0) {
    float width = float(texSize.x);
    float place = float(x) + 0.5;
    float row = floor(place / width);
    float column = place - row * width;
    float off = step(width, column) - step(column, 0.0);
    return ${sampler}(tex, vec2(column - off * width, row + off + 0.5) / vec2(texSize));
  }`

/** A shader of gpu.js with faster reads; the same one where it reads otherwise. */
export const withFlatReads = (shader: string): string => shader.replace(imageReader, (_, head: string, sampler: string) => head + flatRead(sampler))

/** Lets a GPU of gpu.js on WebGL, which has made no kernel yet, read texels of arrays of one dimension faster. */
export const readFlat = (gpu: GPU): void => {
  // gpu.js declares neither the class of its kernels nor that class's template of shaders.
  const chosen = gpu as unknown as { Kernel: (new (...given: never[]) => object) & { readonly fragmentShader: string } }
  chosen.Kernel = class extends chosen.Kernel {
    static override get fragmentShader(): string {
      return withFlatReads(super.fragmentShader)
    }
  }
}
