/** The element of an id. Throws `TypeError` where the document has none of that kind: then page and script do not belong together. */
export const element = <E extends Element>(id: string, kind: new () => E): E => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`#${id}: expected ${kind.name}, found ${found?.tagName ?? 'nothing'}`)
  return found
}

/** An element of HTML with a text. */
export const textElement = (tag: 'li' | 'figcaption', text: string): HTMLElement => {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}

/** A cell of a table with a text. */
export const tableCell = (tag: 'th' | 'td', text: string): HTMLTableCellElement => {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}

/** An element of SVG with attributes and children. */
export const svgElement = (tag: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly (Node | string)[]): SVGElement => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag)
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, String(value)))
  made.append(...children)
  return made
}
