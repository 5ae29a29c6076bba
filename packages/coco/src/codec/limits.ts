/** Pixels of the largest image that is read: decoding takes three bytes a pixel, and more while working. */
export const largestImage = 100_000_000
