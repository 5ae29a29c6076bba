export * from './label-map.js'
export * from './index-of.js'
