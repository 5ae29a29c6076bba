import * as t from 'io-ts'

/** Polygons, each `x0, y0, x1, y1, …` in pixels; together they are one mask. */
export const Polygons = t.readonlyArray(t.readonlyArray(t.number), 'polygons')

/** Run lengths: `size` is [height, width], `counts` a list or a compressed string. */
export const RunLengths = t.readonly(t.type({ size: t.readonly(t.tuple([t.number, t.number])), counts: t.union([t.string, t.readonlyArray(t.number)]) }), 'run lengths')

/** A mask as COCO files write it. */
export const Segmentation = t.union([RunLengths, Polygons], 'segmentation')
export type Segmentation = t.TypeOf<typeof Segmentation>

/** A box [x, y, width, height] in pixels; x + width is the first column to its right. */
export const Box = t.readonly(t.tuple([t.number, t.number, t.number, t.number]), '[x, y, width, height]')
export type Box = t.TypeOf<typeof Box>
