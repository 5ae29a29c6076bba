import { ShapeError } from '@tabula/tensor'

/** Records as one. Throws `ShapeError` where a name occurs twice: `what` says of what. */
export const disjoint = <T extends object>(what: string, records: readonly T[]): T =>
  // The result has the records' fields; its type is that of any of them.
  records.reduce<object>((all, record) => {
    const twice = Object.keys(record).find((name) => name in all)
    if (twice !== undefined) throw new ShapeError({ operation: 'rcnn', operand: 'heads', expected: `${what} that only one head names`, found: `${twice} of two heads` })
    return { ...all, ...record }
  }, {}) as T
