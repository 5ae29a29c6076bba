import type { HostValue } from '@tabula/tensor'

/** Names of losses in logs, by torchvision's. */
const lossNames: Readonly<Record<string, string>> = {
  loss_objectness: 'objectness',
  loss_rpn_box_reg: 'rpnBox',
  loss_classifier: 'class',
  loss_box_reg: 'box',
  loss_mask: 'mask'
}

/** A step's losses as numbers, by the names they have in logs. */
export const numbersOf = (losses: object): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(losses).map(([name, value]: [string, HostValue]) => [lossNames[name] ?? name, value.data[0] ?? NaN]))
