#!/usr/bin/env node
/**
 * The command `tabula`. In the repository it runs from source; in an installed package it runs what was built.
 * Plain JavaScript, so that npm can link it before anything is built.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))

if (existsSync(source)) {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const args = ['--conditions=@tabula/source', '--import', loader, source, ...process.argv.slice(2)]
  // The channel closes when this process ends, however it ends; the child ends with it.
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  // Signals are passed on. Those of a terminal reach the child directly, too; it takes what comes together for one.
  let [presses, latest] = [0, -Infinity]
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      child.kill(signal)
      const now = performance.now()
      if (now - latest > 150) presses++
      latest = now
      // The child cannot answer while its engine computes.
      if (presses > 1) setTimeout(() => child.kill('SIGKILL'), 500).unref()
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`tabula: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (presses > 0 ? 130 : 128 + (constants.signals[signal] ?? 0))
  })
} else {
  await import('../dist/main.js')
}
