import { project } from '../../vitest.config.base.mts'

export default project('autodiff', import.meta.dirname)
