export { decodeSafetensors } from './decode.js'
export type { Safetensors } from './decode.js'
export { encodeSafetensors } from './encode.js'
export type { SafetensorsError } from './errors.js'
