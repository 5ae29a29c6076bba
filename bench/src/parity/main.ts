import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { either as E } from 'fp-ts'
import { messageOf, showError } from '@tabula/tensor'
import { cpuDevice } from '@tabula/tensor/cpu'
import { cocoRows } from './coco/index.js'
import { devices } from './devices.js'
import { imageRows } from './images.js'
import { maskRcnnRows } from './maskrcnn/index.js'
import { failedRow, guardedRows, totalsOf } from './row.js'
import type { Row } from './row.js'
import { tableHead, tableLine } from './table.js'
import { torchRows } from './torch/index.js'

const usage = `npm run parity -- [--fixtures DIR] [--only NAME] [--device ${Object.keys(devices).join('|')}]

Compares Tabula with every recorded case in DIR (the repository's own copy where not given).
Operations run on the reference interpreter and whole models on cpu, unless --device is given.
--only takes the name of a case, an operation, a group or a set (torch, maskrcnn, coco, images).
Exit code 0: nothing failed. 1: something failed. 2: the command line or the folder is wrong.`

const refuse = (message: string): never => {
  process.stderr.write(`${message}\n\n${usage}\n`)
  process.exit(2)
}

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: { fixtures: { type: 'string' }, only: { type: 'string' }, device: { type: 'string' }, help: { type: 'boolean' } }
    })
    return values
  } catch (thrown) {
    return refuse(messageOf(thrown))
  }
}

const options = readOptions()
if (options.help === true) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}

const fixtures = resolve(options.fixtures ?? join(repository, 'fixtures'))
if (!existsSync(fixtures) || !statSync(fixtures).isDirectory()) refuse(`--fixtures ${fixtures}: there is no such folder`)
const deviceName = options.device ?? 'reference'
const choice = devices[deviceName] ?? refuse(`--device ${deviceName}: expected one of ${Object.keys(devices).join(', ')}`)
const chosen = await choice()
const { device, close } = E.isRight(chosen) ? chosen.right : refuse(showError(chosen.left))
/** Whole models take minutes on the interpreter; where no device is asked for, they run on the native CPU device. */
const chosenForModels = options.device === undefined ? await cpuDevice()() : E.right(device)
const modelDevice = E.isRight(chosenForModels) ? chosenForModels.right : refuse(showError(chosenForModels.left))
const wanted = (names: readonly string[]): boolean => options.only === undefined || names.includes(options.only)

/** Where the paths inside the fixtures start. */
const root = resolve(fixtures, '../..')

/** Each set that the folder holds, in order. */
const sets: Readonly<Record<string, (folder: string) => AsyncIterable<Row>>> = {
  torch: (folder) => torchRows(folder, device, wanted),
  maskrcnn: (folder) => maskRcnnRows(folder, modelDevice, wanted),
  coco: (folder) => cocoRows(folder, root, wanted),
  images: (folder) => imageRows(folder, root, wanted)
}

const rows: Row[] = []
const report = (row: Row): void => {
  rows.push(row)
  process.stdout.write(`${tableLine(row)}\n`)
}
process.stdout.write(`${tableHead()}\n`)
for (const [name, rowsOf] of Object.entries(sets)) {
  const folder = join(fixtures, name)
  if (!existsSync(folder)) continue
  for await (const row of guardedRows(name, rowsOf(folder))) report(row)
}
for (const { name } of readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  if (sets[name] === undefined && wanted([name])) report(failedRow(name, 'all', `no comparison is known for the folder ${name}`))
}
await close()
if (rows.length === 0) refuse(options.only === undefined ? `${fixtures}: no fixtures are in here` : `--only ${options.only}: no case has this name`)
const { passed, failed, skipped } = totalsOf(rows)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed > 0 ? 1 : 0
