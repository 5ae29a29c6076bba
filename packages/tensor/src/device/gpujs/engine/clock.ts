/** A clock that never goes back, in milliseconds; the same in Node and in browsers. */
export const now = (): number => globalThis.performance.now()
