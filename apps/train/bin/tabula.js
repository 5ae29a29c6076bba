#!/usr/bin/env node
/**
 * The command `tabula`. In the repository it runs from source; in an installed package it runs what was built.
 * Plain JavaScript, so that npm can link it before anything is built.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))

if (existsSync(source)) {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const args = ['--conditions=@tabula/source', '--import', loader, source, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  // The terminal sends Ctrl-C to both processes; signals sent to this one alone are passed on.
  process.on('SIGINT', () => process.stdin.isTTY === true || child.kill('SIGINT'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`tabula: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
} else {
  await import('../dist/main.js')
}
