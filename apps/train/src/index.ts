export { program } from './cli.js'
export type { Surroundings } from './cli.js'
