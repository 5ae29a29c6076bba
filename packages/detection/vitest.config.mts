import { project } from '../../vitest.config.base.mts'

export default project('detection', import.meta.dirname)
