/** Rounds that one thread may make, all nested loops together: some adapters stop silently at 65,535. */
export const mostRounds = 60_000

/** Terms that one thread adds up, at most, so that sums keep their digits. */
export const mostTerms = 4096

/** Terms that one thread adds up where a sum goes in stages anyway. */
export const mostTermsOfPart = 1024
