import { project } from '../vitest.config.base.mts'

export default project('examples', import.meta.dirname)
