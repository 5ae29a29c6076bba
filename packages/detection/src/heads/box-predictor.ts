import { linear, normalInit } from '@tabula/nn'
import { concatenate, slice } from '@tabula/tensor'
import type { Shape, Tensor } from '@tabula/tensor'
import type { PredictorLayout } from '../conventions/conventions.js'
import type { Module } from '../module.js'
import { initAll, scopeOf } from '../module.js'

type Real = Tensor<Shape, 'f32'>

/** For each region class logits `[R, K]`, the background first, and deltas `[R, 4·M]`: of all classes, of the objects' K − 1, or one for all. */
export interface BoxPrediction {
  readonly logits: Real
  readonly deltas: Real
}

/** The last layers of a box head, from `W` features to predictions of `K` classes. */
export interface BoxPredictor<W extends number = number, K extends number = number> {
  readonly width: W
  readonly classes: K
  readonly module: Module<Real, BoxPrediction>
}

/** Which rows of the weights belong to which class, and whether each class has a box of its own. */
export interface BoxPredictorOptions {
  readonly layout: PredictorLayout
  /** One box for all classes (Cascade R-CNN), not one for each; where not given, not. */
  readonly agnostic?: boolean
}

/**
 * The last two layers of the box branch: `cls_score` and `bbox_pred` (torchvision's `FastRCNNPredictor`, and under other layouts detectron2's
 * `FastRCNNOutputLayers`), of `width` features and `classes` classes, the background included. Whatever the layout of the weights, the
 * prediction has the background's logit first.
 */
export const boxPredictor = <const W extends number, const K extends number>(
  width: W,
  classes: K,
  { layout: { background, outputs }, agnostic = false }: BoxPredictorOptions = { layout: { background: 'first', outputs: 'classes' } }
): BoxPredictor<W, K> => {
  const scores = linear(width, classes, { init: normalInit(0.01) })
  // Detectron's one box is the second of two, background and object.
  const regressed = agnostic ? (outputs === 'classes' ? 2 : 1) : outputs === 'classes' ? classes : classes - 1
  const deltas = linear(width, regressed * 4, { init: normalInit(0.001) })
  const columns = (x: Real, start: number, limit: number): Real => slice({ axis: 1, start, limit })(x)
  return {
    width,
    classes,
    module: {
      init: initAll({ cls_score: scores, bbox_pred: deltas }),
      apply: (mode, params, state, x) => {
        const scope = scopeOf(mode, params, state)
        const raw = scope.layer('cls_score', scores, x)
        const logits: Real = background === 'first' ? raw : concatenate({ axis: 1 })([columns(raw, classes - 1, classes), columns(raw, 0, classes - 1)])
        const boxes = scope.layer('bbox_pred', deltas, x)
        return [{ logits, deltas: agnostic && outputs === 'classes' ? columns(boxes, 4, 8) : boxes }, scope.state()]
      }
    }
  }
}
