/** Type-checks texts, for tests of what the compiler says and of how much work types are. */
import { fileURLToPath } from 'node:url'
import { createCompilerHost, createProgram, createSourceFile, flattenDiagnosticMessageText, parseJsonConfigFileContent, readConfigFile, sys } from 'typescript'

export const typeCheck = (folder, sources) => {
  const root = fileURLToPath(folder)
  const { options: settings } = parseJsonConfigFileContent(readConfigFile(`${root}tsconfig.spec.json`, sys.readFile).config, sys, root)
  const options = { ...settings, composite: false, incremental: false, noEmit: true, emitDeclarationOnly: false, declaration: false, declarationMap: false, noUnusedLocals: false }
  const files = new Map(sources.map((text, k) => [`${root}test/checked-${k}.ts`, text]))
  const host = createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  const program = createProgram([...files.keys()], options, {
    ...host,
    fileExists: (name) => files.has(name) || fileExists(name),
    getSourceFile: (name, language, ...rest) => {
      const text = files.get(name)
      return text === undefined ? getSourceFile(name, language, ...rest) : createSourceFile(name, text, language, true)
    }
  })
  return [...files.keys()].map((name) => {
    const file = program.getSourceFile(name)
    const before = program.getInstantiationCount()
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return { errors: diagnostics.map(({ messageText }) => flattenDiagnosticMessageText(messageText, '\n')), instantiations: program.getInstantiationCount() - before }
  })
}
