import { project } from '../../vitest.config.base.mts'

export default project('coco', import.meta.dirname)
