/** A file with its path inside what was dropped or chosen. */
export interface PathFile {
  readonly path: string
  readonly file: File
}

/** What files are: a run's, photographs, or neither. */
export interface Sorted {
  readonly config: PathFile | undefined
  readonly checkpoint: PathFile | undefined
  readonly photographs: readonly PathFile[]
}

const baseName = (path: string): string => path.split('/').at(-1) ?? path

/** The last folder of a path, or the name of the file. */
export const folderName = (path: string): string => path.split('/').at(-2) ?? baseName(path)

/** Sorts files; of several with one name the outermost counts. */
export const sorted = (files: readonly PathFile[]): Sorted => {
  const outermost = (name: string): PathFile | undefined =>
    files.filter(({ path }) => baseName(path) === name).sort((a, b) => a.path.split('/').length - b.path.split('/').length)[0]
  return {
    config: outermost('config.json'),
    checkpoint: outermost('checkpoint.safetensors'),
    photographs: files.filter(({ file }) => file.type.startsWith('image/') && file.type !== 'image/svg+xml')
  }
}

/** The files that a form field holds. */
export const filesOfInput = ({ files }: HTMLInputElement): readonly PathFile[] => [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }))

const entriesIn = async (folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> => {
  const reader = folder.createReader()
  const entries: FileSystemEntry[] = []
  // Browsers hand over about a hundred at a time, and none at the end.
  for (;;) {
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return entries
    entries.push(...some)
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory

const filesBelow = async (entry: FileSystemEntry, depth: number): Promise<readonly PathFile[]> => {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    return [{ path: entry.fullPath.replace(/^\//, ''), file }]
  }
  if (!isFolder(entry) || depth === 0) return []
  const inside = await entriesIn(entry)
  return (await Promise.all(inside.map((one) => filesBelow(one, depth - 1)))).flat()
}

/** The files that were dropped, those in dropped folders included. Must be called while the event is handled. */
export const filesOfDrop = async ({ items }: DataTransfer): Promise<readonly PathFile[]> => {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return (await Promise.all(entries.map((entry) => filesBelow(entry, 2)))).flat()
}
