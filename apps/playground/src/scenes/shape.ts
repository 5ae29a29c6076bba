/** A class of drawn objects: its name, and which points of the square from −1 to 1 it covers (x to the right, y down). */
export interface ShapeClass {
  readonly name: string
  readonly covers: (x: number, y: number) => boolean
}

/** The classes in the order of their labels 1, 2, 3. Outlines tell them apart; colours and sizes do not. */
export const shapeClasses: readonly [ShapeClass, ...ShapeClass[]] = [
  { name: 'disc', covers: (x, y) => x * x + y * y <= 0.81 },
  { name: 'square', covers: (x, y) => Math.max(Math.abs(x), Math.abs(y)) <= 0.75 },
  { name: 'triangle', covers: (x, y) => y <= 0.55 && Math.sqrt(3) * Math.abs(x) <= y + 1.05 }
]
