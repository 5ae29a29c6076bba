import { dirname, join } from 'node:path'
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { modulesIn } from './program.js'

/** A package's modules in memory, compiled once, which can be evaluated again with one of them changed. */
export interface Modules {
  /**
   * The exports of the module at this path, all modules of the package evaluated anew, with the text of one replaced.
   * Throws what a module throws, and where one is imported that is not there.
   */
  readonly evaluate: (path: string, changed?: { readonly path: string; readonly text: string }) => unknown
}

type Evaluate = (require: (name: string) => unknown, exports: object) => void

/** Types are left out without being checked; imports become calls, so that a changed module can be given to those who import it. */
const compiled = (path: string, text: string): Evaluate => {
  const { outputText } = ts.transpileModule(text, {
    fileName: path,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: false, esModuleInterop: false }
  })
  // Made from the package's own sources; their text is what is under test.
  return new Function('require', 'exports', `${outputText}\n//# sourceURL=${path}`) as Evaluate
}

const imported = (path: string): readonly string[] =>
  ts.preProcessFile(readFileSync(path, 'utf8')).importedFiles.map(({ fileName }) => fileName)

/** The package of which `folder` holds the sources. What it imports from other packages is imported once, and is the same for all its evaluations. */
export const modulesOf = async (folder: string): Promise<Modules> => {
  const paths = modulesIn(folder)
  const others = new Set(paths.flatMap(imported).filter((name) => !name.startsWith('.')))
  const outside = new Map(await Promise.all([...others].map(async (name) => [name, (await import(name)) as unknown] as const)))
  const kept = new Map<string, Evaluate>()
  const keptAt = (path: string): Evaluate => {
    const found = kept.get(path) ?? compiled(path, readFileSync(path, 'utf8'))
    kept.set(path, found)
    return found
  }
  return {
    evaluate: (path, changed) => {
      const evaluated = new Map<string, object>()
      const load = (at: string): object => {
        const known = evaluated.get(at)
        if (known !== undefined) return known
        const exports = {}
        evaluated.set(at, exports)
        const run = changed?.path === at ? compiled(at, changed.text) : keptAt(at)
        run((name) => (name.startsWith('.') ? load(join(dirname(at), name).replace(/\.js$/, '.ts')) : outside.get(name)), exports)
        return exports
      }
      return load(path)
    }
  }
}
