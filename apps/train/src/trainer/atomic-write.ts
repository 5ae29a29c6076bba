import { open, rename, rm } from 'node:fs/promises'

/** Writes a file whole or not at all: into a temporary file beside it, to the disk, then renamed. */
export const atomicWrite = async (path: string, content: string | Uint8Array): Promise<void> => {
  const temporary = `${path}.${process.pid}.partial`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause
  }
}
