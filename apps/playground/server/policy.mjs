/**
 * Headers of a response. The page evaluates no text. gpu.js compiles WebAssembly and, in one place or another, generates functions, which
 * `wasm-unsafe-eval` and `unsafe-eval` allow to the worker's script alone: a worker has the policy of its own response, not the page's.
 */
export const headersOf = (path) => ({
  'Content-Security-Policy': /\/worker-[^/]*\.js$/.test(path)
    ? "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; connect-src 'self'"
    : "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache'
})
