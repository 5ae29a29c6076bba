import type { Node, Tensor } from '../../../node.js'
import type { RoiAlignAttributes } from '../../../primitive.js'
import type { Sizes } from '../../../shape.js'
import type { KernelSource } from '../engine/engine.js'
import { collectRegions, countRegions, listRegions, listStretches, regionTents, tilesOf } from '../lower/roi-align-gradient.js'
import { alignRegions, sampleBlocks } from '../lower/roi-align.js'
import { geometry, regionGeometry } from '../lower/roi-geometry.js'
import type { Level } from '../lower/roi-geometry.js'

/** Adds a kernel to a program and answers its result: a value of this shape, or this value. */
export type AddKernel = (kernel: KernelSource, operands: readonly Tensor[], result: Sizes | Tensor) => Tensor

/** The operands of RoIAlign and of its gradient, by name; the first is the features of level 0 or the cotangent. */
const operandsOf = (node: Node<'roiAlign'> | Node<'roiAlignGradient'>, levels: number): readonly [boxes: Tensor, image: Tensor, level: Tensor] => {
  const [boxes, image, level] = node.inputs.slice(levels)
  if (boxes === undefined || image === undefined || level === undefined) throw new RangeError(`${node.primitive} has ${node.inputs.length} operands`)
  return [boxes, image, level]
}

/** The geometry of regions on a level. */
export type Geometries = (rois: readonly Tensor[], level: Level, attributes: RoiAlignAttributes, add: AddKernel) => Tensor

/** Makes each geometry once: forward and gradient share it. */
export const geometries = (): Geometries => {
  const known: { readonly rois: readonly Tensor[]; readonly key: string; readonly result: Tensor }[] = []
  return (rois, level, { outputSize, samplingRatio, aligned }, add) => {
    const key = JSON.stringify([outputSize, samplingRatio, aligned, level.index, level.scale])
    const found = known.find((each) => each.key === key && each.rois.every(({ node, index }, k) => node === rois[k]?.node && index === rois[k]?.index))
    if (found !== undefined) return found.result
    const regions = rois[1]?.shape[0] ?? 0
    const result = add(regionGeometry(regions, level, { outputSize, samplingRatio, aligned, scales: [] }), rois, [regions, geometry.size])
    known.push({ rois, key, result })
    return result
  }
}

/** RoIAlign: level by level, and where a bin may have very many samples block by block, each kernel adding to the one before. */
export const alignSteps = (node: Node<'roiAlign'>, value: Tensor, geometryFor: Geometries, add: AddKernel): void => {
  const { attributes } = node
  const { scales } = attributes
  const rois = operandsOf(node, scales.length)
  const [regions = 0] = value.shape
  const kernels = scales.flatMap((scale, index) => {
    const features = node.inputs[index]
    if (features === undefined) return []
    const level: Level = { index, scale, shape: features.shape }
    return sampleBlocks(level, attributes).map((block) => ({ level, features, block }))
  })
  kernels.reduce<Tensor | undefined>((previous, { level, features, block }, k) => {
    const operands = [geometryFor(rois, level, attributes, add), features, ...(previous === undefined ? [] : [previous])]
    return add(alignRegions(regions, level, attributes, block, previous !== undefined), operands, k === kernels.length - 1 ? value : value.shape)
  }, undefined)
}

/** The gradient of RoIAlign by each level's features: lists of regions for each tile of the map, then a gather by its cells. */
export const alignGradientSteps = (node: Node<'roiAlignGradient'>, outputs: readonly Tensor[], geometryFor: Geometries, add: AddKernel): void => {
  const { attributes } = node
  const { scales, featureShapes, outputSize } = attributes
  const rois = operandsOf(node, 1)
  const dy = node.inputs[0]
  const [regions = 0] = rois[1].shape
  featureShapes.forEach((shape, index) => {
    const output = outputs[index]
    if (output === undefined || dy === undefined) return
    const level: Level = { index, shape, scale: scales[index] ?? 1 }
    const [images = 1, , height = 1, width = 1] = shape
    const known = geometryFor(rois, level, attributes, add)
    const tiles = tilesOf(regions, level)
    const counting = countRegions(regions, level, tiles)
    const counts = add(counting, [known], [images, tiles.rows, tiles.columns, counting.elements / (images * tiles.rows * tiles.columns)])
    const lists = add(listRegions(regions, level, tiles), [known, counts], [images, tiles.rows, tiles.columns, regions])
    const vertical = add(regionTents(regions, level, attributes, 0), [known], [regions, outputSize[0], height])
    const horizontal = add(regionTents(regions, level, attributes, 1), [known], [regions, outputSize[1], width])
    const stretches = listStretches(regions, attributes)
    stretches.reduce<Tensor | undefined>((previous, stretch, k) => {
      const operands = [dy, lists, known, vertical, horizontal, ...(previous === undefined ? [] : [previous])]
      return add(collectRegions(regions, level, attributes, tiles, stretch, previous !== undefined), operands, k === stretches.length - 1 ? output : shape)
    }, undefined)
  })
}
