/** What the compiler says of one text, and how many types it made on the way: the "Instantiations" of `tsc --extendedDiagnostics`. */
export interface Checked {
  readonly errors: readonly string[]
  readonly instantiations: number
}

/** Type-checks source texts, one after another, as if they were files in `test/` of the package at `folder` (a URL that ends in `/`). */
export declare const typeCheck: (folder: URL, sources: readonly string[]) => readonly Checked[]
