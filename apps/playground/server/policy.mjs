/**
 * Headers of a response. The page evaluates nothing. A worker has the policy of its own response, not the page's, and this one may compile
 * WebAssembly, which gpu.js generates in its mode `webasm`: `wasm-unsafe-eval` allows that and nothing else. Its kernels for WebGPU and
 * WebGL are shaders, which need no leave. Only its mode `cpu` would need `unsafe-eval`, for `new Function`; the page does without that mode.
 */
export const headersOf = (path) => ({
  'Content-Security-Policy': /\/worker-[^/]*\.js$/.test(path)
    ? "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"
    : "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache'
})
