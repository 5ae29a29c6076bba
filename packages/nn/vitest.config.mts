import { project } from '../../vitest.config.base.mts'

export default project('nn', import.meta.dirname)
