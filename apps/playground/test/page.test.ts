import { afterAll, beforeAll, describe } from 'vitest'
import { absent, flags, minutes, openSite, warnIfAbsent } from './browser.js'
import type { Site } from './browser.js'
import { accessibility } from './page/accessibility.js'
import { adapters } from './page/adapters.js'
import { failures } from './page/failures.js'
import { photographs } from './page/photographs.js'
import { size } from './page/size.js'
import { training } from './page/training.js'

warnIfAbsent('the page of the playground is not tested in a browser')

describe.skipIf(absent)('the page in Chromium', () => {
  let site: Site | undefined
  beforeAll(async () => {
    site = await openSite(flags.webgl2)
  }, minutes(4))
  afterAll(() => site?.close())
  const opened = (): Site => {
    if (site === undefined) throw new Error('there is no site yet')
    return site
  }

  size(opened)
  training(opened)
  photographs(opened)
  failures(opened)
  accessibility(opened)
  adapters(opened)
})
