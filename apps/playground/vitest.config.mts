import { project } from '../../vitest.config.base.mts'

export default project('playground', import.meta.dirname)
