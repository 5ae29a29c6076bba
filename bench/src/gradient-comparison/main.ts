import { cpuDevice } from '@tabula/tensor/cpu'
import { either as E } from 'fp-ts'
import { commandLine } from '../command-line.js'
import type { Contestant } from './case.js'
import { casesOf, compareGradients } from './compare.js'
import { jax } from './contestants/jax.js'
import { tabula } from './contestants/tabula.js'
import { tfjs } from './contestants/tfjs.js'
import { readOptions, usage } from './options.js'
import { showComparison } from './table.js'

const options = commandLine(usage, readOptions)

const contestantOf = async (name: (typeof options.only)[number]): Promise<Contestant> => {
  if (name === 'tfjs') return tfjs(options.tfjs)
  if (name === 'jax') return jax(options.jax)
  const device = await cpuDevice()()
  if (E.isLeft(device)) throw new Error(device.left.message)
  return tabula(device.right)
}

const contestants: Contestant[] = []
for (const name of options.only) contestants.push(await contestantOf(name))
const rows = await compareGradients(contestants, await casesOf())
process.stdout.write(`${showComparison(contestants, rows)}\n`)
