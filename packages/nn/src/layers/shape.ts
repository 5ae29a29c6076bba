import { flatten as flattenAxes, maxPool2d, mean, upsampleNearest } from '@tabula/tensor'
import type { Pool2dOptions } from '@tabula/tensor'
import { pure } from '../layer.js'
import type { Layer } from '../layer.js'
import type { Reshaping, Spatial } from '../signature.js'
import type { NoLeaves } from '../tree.js'

type PoolDown<O extends Pool2dOptions> = O extends
  | { readonly kernel: 3; readonly stride: 2; readonly padding: 1 }
  | { readonly kernel: 2; readonly stride?: 2; readonly padding?: 0 }
  | { readonly kernel: 1; readonly stride: 2; readonly padding?: 0 }
  ? 2
  : O extends { readonly kernel: 3; readonly stride: 1; readonly padding: 1 }
    ? 1
    : number

/** Maximum over windows of `[N, C, H, W]` (PyTorch's `MaxPool2d`). */
export const maxPool = <const O extends Pool2dOptions>(options: O): Layer<NoLeaves, NoLeaves, Spatial<number, 'same', PoolDown<O>>> =>
  pure<Spatial<number, 'same', PoolDown<O>>>((x) => maxPool2d(options)(x))

/** Every element of `[N, C, H, W]` twice along height and width (nearest neighbour). */
export const upsample2x: Layer<NoLeaves, NoLeaves, Spatial<number, 'same', 0.5>> = pure<Spatial<number, 'same', 0.5>>((x) => upsampleNearest({ factor: 2 })(x))

/** `[R, C, H, W]` → `[R, C·H·W]`. */
export const flatten: Layer<NoLeaves, NoLeaves, Reshaping> = pure<Reshaping>((x) => flattenAxes({ from: 1 })(x))

/** `[N, C, H, W]` → `[N, C]`: means over height and width. */
export const globalAveragePool: Layer<NoLeaves, NoLeaves, Reshaping> = pure<Reshaping>((x) => mean({ axes: [2, 3] })(x))
