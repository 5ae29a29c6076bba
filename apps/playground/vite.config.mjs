import { defaultClientConditions } from 'vite'

/** Builds the page into `dist/site`, from the packages' sources; paths are relative, so that any folder of a server can hold it. */
export default {
  root: import.meta.dirname,
  base: './',
  resolve: { conditions: ['@tabula/source', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: { outDir: 'dist/site', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false }, chunkSizeWarningLimit: 2000 }
}
