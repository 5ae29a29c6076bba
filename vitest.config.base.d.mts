/** One configuration for every project: run-time tests and type tests (`*.test-d.ts`). */
export declare const project: (name: string, root: string) => import("vite").UserConfig;
//# sourceMappingURL=vitest.config.base.d.mts.map