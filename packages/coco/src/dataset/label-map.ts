import type { Category, Instances } from '../codec/instances.js'

/** Contiguous labels 1 … K of a data set's categories, in ascending order of their ids; 0 is the background. */
export interface LabelMap {
  /** K, the number of categories. */
  readonly size: number
  /** The categories of labels 1 … K. */
  readonly categories: readonly Category[]
  /** Names by label: `names[0]` is the background. */
  readonly names: readonly string[]
  /** The label of a category id; `undefined` where the data set has no such category. */
  readonly labelOf: (categoryId: number) => number | undefined
  /** The category id of a label; `undefined` for the background and beyond K. */
  readonly categoryIdOf: (label: number) => number | undefined
}

/** The labels of a data set's categories. COCO's own ids have holes (80 ids between 1 and 90); networks need none. */
export const labelMap = ({ categories }: Pick<Instances, 'categories'>): LabelMap => {
  const sorted = [...categories].sort((a, b) => a.id - b.id)
  const labels = new Map(sorted.map(({ id }, index) => [id, index + 1]))
  return {
    size: sorted.length,
    categories: sorted,
    names: ['background', ...sorted.map(({ name }) => name)],
    labelOf: (categoryId) => labels.get(categoryId),
    categoryIdOf: (label) => sorted[label - 1]?.id
  }
}
