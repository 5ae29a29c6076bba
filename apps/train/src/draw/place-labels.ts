/** A rectangle on the picture: left, top, width, height. */
export type Rectangle = { readonly left: number; readonly top: number; readonly width: number; readonly height: number }

/** A label that looks for a place: its size and the box it belongs to. */
export type LabelRequest = { readonly width: number; readonly height: number; readonly box: Rectangle }

const touch = (a: Rectangle, b: Rectangle): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height

/**
 * Places labels on a picture, the first ones first: over the box, else in it, under it or beside it, else moved along its
 * sides, where no earlier label lies; always wholly on the picture where it is wide enough. A label without a free place is
 * undefined.
 */
export const placeLabels = (
  labels: readonly LabelRequest[],
  picture: { readonly width: number; readonly height: number }
): readonly (Rectangle | undefined)[] => {
  const placed: Rectangle[] = []
  return labels.map((label) => {
    const free = candidates(label)
      .map((at) => keepInside(at, picture))
      .find((at) => !placed.some((other) => touch(at, other)))
    if (free !== undefined) placed.push(free)
    return free
  })
}

const keepInside = (at: Rectangle, picture: { readonly width: number; readonly height: number }): Rectangle => ({
  ...at,
  left: Math.max(0, Math.min(at.left, picture.width - at.width)),
  top: Math.max(0, Math.min(at.top, picture.height - at.height))
})

const candidates = ({ width, height, box }: LabelRequest): readonly Rectangle[] => {
  const at = (left: number, top: number): Rectangle => ({ left, top, width, height })
  const [right, bottom] = [box.left + box.width, box.top + box.height]
  const corners = [
    at(box.left, box.top - height),
    at(box.left, box.top),
    at(right - width, box.top - height),
    at(box.left, bottom),
    at(box.left, bottom - height),
    at(right - width, bottom),
    at(right, box.top),
    at(box.left - width, box.top)
  ]
  const steps = [1, 2, 3, 4].flatMap((step) => [
    at(box.left, box.top + step * height),
    at(right, box.top + step * height),
    at(box.left - width, box.top + step * height),
    at(box.left, box.top - (step + 1) * height),
    at(box.left, bottom + step * height)
  ])
  return [...corners, ...steps]
}
