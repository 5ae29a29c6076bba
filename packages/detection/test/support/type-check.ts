import { fileURLToPath } from 'node:url'
import { createCompilerHost, createProgram, createSourceFile, flattenDiagnosticMessageText, parseJsonConfigFileContent, readConfigFile, ScriptTarget, sys } from 'typescript'

const folder = fileURLToPath(new URL('../types/', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the compiler says of one file, and how many types it made on the way: the "Instantiations" of `tsc --extendedDiagnostics`. */
export interface Checked {
  readonly errors: readonly string[]
  readonly instantiations: number
}

/** Type-checks source texts as files of this folder `test/types`, one after another, with the package's own settings. */
export const typeCheck = (sources: readonly string[]): readonly Checked[] => {
  const { options: settings } = parseJsonConfigFileContent(readConfigFile(`${root}/tsconfig.spec.json`, sys.readFile).config, sys, root)
  const options = { ...settings, composite: false, incremental: false, noEmit: true, emitDeclarationOnly: false, declaration: false, declarationMap: false, noUnusedLocals: false }
  const files = new Map(sources.map((text, k) => [`${folder}checked-${k}.ts`, text]))
  const host = createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  const program = createProgram([...files.keys()], options, {
    ...host,
    fileExists: (name) => files.has(name) || fileExists(name),
    getSourceFile: (name, ...rest) => {
      const text = files.get(name)
      return text === undefined ? getSourceFile(name, ...rest) : createSourceFile(name, text, ScriptTarget.ES2022, true)
    }
  })
  return [...files.keys()].map((name) => {
    const file = program.getSourceFile(name)
    const before = program.getInstantiationCount()
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return { errors: diagnostics.map(({ messageText }) => flattenDiagnosticMessageText(messageText, '\n')), instantiations: program.getInstantiationCount() - before }
  })
}
