import { project } from '../../vitest.config.base.mts'

export default project('train', import.meta.dirname)
