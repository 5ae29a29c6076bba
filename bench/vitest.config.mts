import { project } from '../vitest.config.base.mts'

export default project('bench', import.meta.dirname)
