import { isBuiltin } from 'node:module'
import { build } from 'vite'
import type { Plugin, Rollup } from 'vite'

/** Modules that exist in Node alone and were imported by something in a bundle. */
export class NodeImport extends Error {
  override readonly name = 'NodeImport'
}

/** What browsers lack: Node's own modules, and packages that need them. */
const nodeOnly = ['sharp', 'onnxruntime-node', 'koffi']

/** Refuses what would need Node or a stand-in for it; Vite by itself puts an empty module in its place and says so only at run time. */
const withoutNode = (unused: readonly string[]): Plugin => ({
  name: 'without-node',
  enforce: 'pre',
  resolveId: (source, importer) => {
    if (unused.includes(source)) return null
    if (isBuiltin(source) || nodeOnly.includes(source)) throw new NodeImport(`${importer ?? 'the entry'} imports ${source}, which browsers do not have`)
    return null
  }
})

/** An entry whose text is given rather than a file. */
const virtualEntry = (text: string): Plugin => ({
  name: 'virtual-entry',
  resolveId: (source) => (source === 'virtual:entry' ? '\0virtual:entry' : null),
  load: (id) => (id === '\0virtual:entry' ? text : null)
})

/** How it is bundled. */
export interface BundleOptions {
  /** Modules of Node that a dependency names and does without in browsers; an empty module stands for them. */
  readonly unused?: readonly string[]
  /** Smaller, and slower to make. */
  readonly minify?: boolean
}

/** What is bundled: a module's file, or the text of one that is resolved from `root`. */
export type Entry = { readonly file: string } | { readonly text: string; readonly root: string }

/** One module for browsers, minified unless told otherwise, from an entry, out of the packages' sources, with no imports left. Rejects with `NodeImport` where it needs Node. */
export const bundle = async (entry: Entry, { unused = [], minify = true }: BundleOptions = {}): Promise<string> => {
  const text = 'text' in entry
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    ...(text ? { root: entry.root } : {}),
    resolve: { conditions: ['@tabula/source', 'module', 'browser', 'import', 'default'] },
    plugins: [withoutNode(unused), ...(text ? [virtualEntry(entry.text)] : [])],
    build: {
      write: false,
      target: 'es2022',
      minify: minify ? 'esbuild' : false,
      modulePreload: false,
      rollupOptions: { input: text ? 'virtual:entry' : entry.file, preserveEntrySignatures: 'strict', output: { format: 'es', inlineDynamicImports: true } }
    }
  })
  const [output] = Array.isArray(built) ? built : [built as Rollup.RollupOutput]
  const chunks = output?.output.filter(({ type }) => type === 'chunk') ?? []
  const [chunk] = chunks
  if (chunk?.type !== 'chunk' || chunks.length !== 1) throw new Error(`expected one chunk, found ${chunks.length}`)
  return chunk.code
}
