import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { Kind } from './mutant.js'

/** A compiler that keeps what it has parsed, so that programs over other roots cost only their roots. */
export interface Compiler {
  /** packages/autodiff/src, or what stands for it. */
  readonly sources: string
  /** The program of these files; `given` are texts of files that need not exist. */
  readonly program: (roots: readonly string[], given?: ReadonlyMap<string, string>) => ts.Program
}

/** The compiler with the repository's settings, for rules in `sources`. What is declared and unused is no error here, as mutants drop what was used. */
export const compilerFor = (repository: string, sources: string): Compiler => {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.base.json'), (path) => readFileSync(path, 'utf8'))
  const settings = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, repository).options
  const options: ts.CompilerOptions = { ...settings, composite: false, declaration: false, declarationMap: false, incremental: false, noEmit: true, noUnusedLocals: false, types: ['node'] }
  const parsed = new Map<string, ts.SourceFile>()
  let before: ts.Program | undefined
  return {
    sources,
    program: (roots, given = new Map()) => {
      const host = ts.createCompilerHost(options, true)
      const { readFile, fileExists, getSourceFile } = host
      host.readFile = (path) => given.get(path) ?? readFile(path)
      host.fileExists = (path) => given.has(path) || fileExists(path)
      host.getSourceFile = (path, version, onError, fresh) => {
        const text = given.get(path)
        if (text !== undefined) return ts.createSourceFile(path, text, version, true)
        const known = parsed.get(path) ?? getSourceFile(path, version, onError, fresh)
        if (known !== undefined) parsed.set(path, known)
        return known
      }
      const program = ts.createProgram({ rootNames: [...roots], options, host, ...(before === undefined ? {} : { oldProgram: before }) })
      before = program
      return program
    }
  }
}

/** The index of a kind's folder; `undefined` where there are no rules of that kind. */
export const indexOf = (sources: string, kind: Kind): string | undefined => {
  const index = join(sources, kind, 'index.ts')
  return existsSync(index) ? index : undefined
}

/** All modules of a folder, its subfolders included. */
export const modulesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
