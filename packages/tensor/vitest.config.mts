import { project } from '../../vitest.config.base.mts'

export default project('tensor', import.meta.dirname)
