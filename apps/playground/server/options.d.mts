/** What `--help` prints. */
export declare const help: string

/** What the command line asks for: `help`, a port, or `problem` with what is wrong and what to do. */
export declare const optionsOf: (args: readonly string[]) => { readonly help?: true; readonly port?: number; readonly problem?: string }

/** Why a port cannot be had, and what to do. */
export declare const portProblem: (port: number, thrown: { readonly code?: string; readonly message: string }) => string
