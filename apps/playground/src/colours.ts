/** A colour in parts from 0 to 255. */
export interface Colour {
  readonly red: number
  readonly green: number
  readonly blue: number
}

/** Colours that people with any colour vision tell apart (Okabe and Ito 2008), the ones that stand out from grey. */
const palette: readonly [Colour, ...Colour[]] = [
  { red: 230, green: 159, blue: 0 },
  { red: 86, green: 180, blue: 233 },
  { red: 240, green: 228, blue: 66 },
  { red: 0, green: 158, blue: 115 },
  { red: 213, green: 94, blue: 0 },
  { red: 204, green: 121, blue: 167 }
]

/** The colour of a label 1, 2, …; they repeat, so names stand beside them. */
export const colourOf = (label: number): Colour => palette[(label - 1) % palette.length] ?? palette[0]

/** A colour as CSS. */
export const cssOf = ({ red, green, blue }: Colour): string => `rgb(${red} ${green} ${blue})`
