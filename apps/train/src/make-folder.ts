import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing. Rejects where one of them cannot be made. (Node's own `recursive` never answers where
 * a file system, such as /proc, refuses new folders with ENOENT.)
 */
export const makeFolder = async (path: string): Promise<void> => {
  const folder = resolve(path)
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory() === true) return
  if (found !== undefined) throw new Error('a file of this name')
  const above = dirname(folder)
  if (above !== folder) await makeFolder(above)
  await mkdir(folder).catch(async (cause: unknown) => {
    // Another process may have made it meanwhile.
    if ((await stat(folder).catch(() => undefined))?.isDirectory() !== true) throw cause
  })
}
