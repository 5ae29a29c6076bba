import type { Abstract } from '../../../node.js'
import { sizeOf } from '../../../shape.js'
import type { HostValue } from '../../../value.js'
import type { Engine, Resident } from '../engine/engine.js'
import { fromStorage, toStorage } from '../kernel/storage.js'

/** The numbers of a value, on the host, in the engine, or both. The engine's are released when nothing refers to the cell any more. */
export interface Cell {
  host: HostValue | undefined
  resident: Resident | undefined
  references: number
}

/** The cells of one engine. */
export interface Cells {
  /** A cell of one reference for numbers on the host. */
  readonly ofHost: (value: HostValue) => Cell
  /** A cell of one reference for numbers in the engine. */
  readonly ofResident: (resident: Resident) => Cell
  readonly retain: (cell: Cell) => Cell
  readonly release: (cell: Cell) => void
  /** The numbers in the engine; uploads those that are on the host alone. Throws `Refused` for integers that f32 does not hold. */
  readonly resident: (cell: Cell) => Resident
  /** The numbers on the host in a type and shape; reads those that are in the engine alone. */
  readonly read: (cell: Cell, type: Abstract) => Promise<HostValue>
}

const singlePrecision = (value: HostValue): HostValue =>
  value.dtype === 'f32' && !(value.data instanceof Float32Array) ? { ...value, data: Float32Array.from(value.data) } : value

const inType = (value: HostValue, { dtype, shape }: Abstract): HostValue =>
  value.dtype === dtype ? { ...value, shape } : fromStorage({ dtype, shape }, toStorage(value))

/** Cells over an engine. */
export const cellsOf = (engine: Engine): Cells => ({
  ofHost: (value) => ({ host: singlePrecision(value), resident: undefined, references: 1 }),
  ofResident: (resident) => ({ host: undefined, resident, references: 1 }),
  retain: (cell) => {
    cell.references++
    return cell
  },
  release: (cell) => {
    cell.references--
    if (cell.references > 0 || cell.resident === undefined) return
    engine.release(cell.resident)
    cell.resident = undefined
  },
  resident: (cell) => {
    if (cell.resident !== undefined) return cell.resident
    if (cell.host === undefined) throw new ReferenceError('a value is used after its release')
    cell.resident = engine.upload(toStorage(cell.host))
    return cell.resident
  },
  read: async (cell, type) => {
    if (cell.host !== undefined) return inType(cell.host, type)
    if (cell.resident === undefined) throw new ReferenceError('a value is read after its release')
    const value = fromStorage(type, await engine.read(cell.resident))
    if (sizeOf(type.shape) !== value.data.length) throw new RangeError(`the engine answered ${value.data.length} numbers for ${sizeOf(type.shape)}`)
    return value
  }
})
