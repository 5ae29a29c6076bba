/** Why bytes are no safetensors file, or why values cannot become one. */
export interface SafetensorsError {
  readonly _tag: 'SafetensorsError'
  /** The tensor at fault; `undefined` where the file as a whole is. */
  readonly tensor: string | undefined
  readonly expected: string
  readonly found: string
  readonly message: string
}

/** An error about the named tensor, or about the file. */
export const safetensorsError = (tensor: string | undefined, expected: string, found: string): SafetensorsError => ({
  _tag: 'SafetensorsError',
  tensor,
  expected,
  found,
  message: `safetensors: ${tensor === undefined ? 'file' : `tensor "${tensor}"`}: expected ${expected}, found ${found}`
})
