/** What runs in browsers: COCO without files, and images in memory made into batches. */
export * from './index.js'
export * from './pipeline/in-memory.js'
