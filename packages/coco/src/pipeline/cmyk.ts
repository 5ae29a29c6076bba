/** a · b / 255, rounded, for bytes, in whole numbers as Pillow computes it. */
const scaled = (a: number, b: number): number => {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}

/** Cyan, magenta, yellow and black of every pixel as red, green and blue: without a colour profile, as Pillow's `convert('RGB')` does. */
export const rgbOfCmyk = (cmyk: Uint8Array): Uint8Array => {
  const pixels = cmyk.length / 4
  const rgb = new Uint8Array(pixels * 3)
  for (let pixel = 0; pixel < pixels; pixel++) {
    const light = 255 - (cmyk[4 * pixel + 3] ?? 0)
    for (let c = 0; c < 3; c++) rgb[3 * pixel + c] = light - scaled(cmyk[4 * pixel + c] ?? 0, light)
  }
  return rgb
}
