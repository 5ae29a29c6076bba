/** A file with its path inside what was dropped or chosen. */
export interface PathFile {
  readonly path: string
  readonly file: File
}

/** What files are: a run's, and photographs. */
export interface Sorted {
  readonly config: PathFile | undefined
  readonly checkpoint: PathFile | undefined
  readonly photographs: readonly PathFile[]
}

const baseName = (path: string): string => path.split('/').at(-1) ?? path

const folderOf = (path: string): string => path.split('/').slice(0, -1).join('/')

/** The last folder of a path, or the name of the file. */
export const folderName = (path: string): string => path.split('/').at(-2) ?? baseName(path)

const isPhotograph = ({ file }: PathFile): boolean => file.type.startsWith('image/') && file.type !== 'image/svg+xml'

/** Sorts files. Of several runs the outermost counts; pictures in a run's own folder are no photographs. */
export const sorted = (files: readonly PathFile[]): Sorted => {
  const outermost = (name: string): readonly PathFile[] =>
    files.filter(({ path }) => baseName(path) === name).sort((a, b) => a.path.split('/').length - b.path.split('/').length)
  const configs = outermost('config.json')
  const checkpoints = outermost('checkpoint.safetensors')
  const checkpoint = checkpoints.find(({ path }) => configs.some((config) => folderOf(config.path) === folderOf(path))) ?? checkpoints[0]
  const config = configs.find(({ path }) => checkpoint !== undefined && folderOf(path) === folderOf(checkpoint.path)) ?? configs[0]
  const run = checkpoint === undefined ? '' : folderOf(checkpoint.path)
  return { config, checkpoint, photographs: files.filter((one) => isPhotograph(one) && (run === '' || !one.path.startsWith(`${run}/`))) }
}

/** At most this many names are listed. */
const mostNames = 4

/** What is wrong with files that are neither a whole run nor photographs; `undefined` where nothing is. */
export const refusalOf = (files: readonly PathFile[], { config, checkpoint, photographs }: Sorted): string | undefined => {
  if ((config !== undefined && checkpoint !== undefined) || photographs.length > 0) return undefined
  if (files.length === 0) return 'Expected the folder of a training run or photographs, found no file. Drop files or a folder of your computer.'
  const half = config ?? checkpoint
  if (half !== undefined) {
    const missing = config === undefined ? 'config.json' : 'checkpoint.safetensors'
    return `${folderName(half.path)}: expected config.json and checkpoint.safetensors side by side, found no ${missing}. Give the folder that \`tabula train\` wrote, once it has saved a checkpoint.`
  }
  const names = files.slice(0, mostNames).map(({ path }) => baseName(path))
  const more = files.length - names.length
  return `Expected the folder of a training run (config.json and checkpoint.safetensors) or photographs, found ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`
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
