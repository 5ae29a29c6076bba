/** Why a data set could not be drawn. */
export type ScenesError =
  | {
      readonly tag: 'InvalidOption'
      readonly option: 'images' | 'seed' | 'size' | 'split'
      readonly expected: string
      readonly found: string
    }
  | { readonly tag: 'Occupied'; readonly path: string; readonly found: string; readonly action: string }
  | { readonly tag: 'DrawingFailed'; readonly image: number; readonly found: string }
  | { readonly tag: 'WriteFailed'; readonly path: string; readonly found: string }

/** One line for a person: what was wrong, where, and what to do. */
export const describeScenesError = (error: ScenesError): string => {
  switch (error.tag) {
    case 'InvalidOption':
      return `option ${error.option}: expected ${error.expected}, found ${error.found}`
    case 'Occupied':
      return `${error.path}: ${error.found}; ${error.action}`
    case 'DrawingFailed':
      return `image ${error.image} could not be drawn: ${error.found}; try another seed or a larger size`
    case 'WriteFailed':
      return `${error.path} could not be written: ${error.found}; check the folder's permissions and the free space`
  }
}
