/** What JSON has no form for, as it stands in a text: a typed array's bytes, or a number's name. */
interface Marked {
  readonly unlikeJson: string
  readonly as: string
}

const arrays = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const
type ArrayName = keyof typeof arrays

const isArrayName = (name: string): name is ArrayName => name in arrays

const base64Of = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string => {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength)
  let text = ''
  // A call takes so many arguments and not many more.
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  return btoa(text)
}

const bytesIn = (base64: string): ArrayBuffer => {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let index = 0; index < bytes.length; index++) bytes[index] = text.charCodeAt(index)
  return bytes.buffer
}

const marked = (unlikeJson: string, as: string): Marked => ({ unlikeJson, as })

const isMarked = (value: unknown): value is Marked => typeof value === 'object' && value !== null && 'unlikeJson' in value

/** Plain data with typed arrays, −0, infinities and NaN as one line of text. Functions and what is `undefined` are left out. */
export const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (ArrayBuffer.isView(part)) return marked(part.constructor.name, base64Of(part))
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0))) return marked('number', Object.is(part, -0) ? '-0' : String(part))
    return part
  })

/** What `textOf` has written. Throws `SyntaxError` at any other text. */
export const readText = (text: string): unknown =>
  JSON.parse(text, (_, part: unknown) => {
    if (!isMarked(part)) return part
    return isArrayName(part.unlikeJson) ? new arrays[part.unlikeJson](bytesIn(part.as)) : Number(part.as)
  })
