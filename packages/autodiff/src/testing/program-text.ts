export { programText } from '../program-text.js'
