/** Serves a folder on the loopback interface, which no other machine reaches; port 0 is any free one. Rejects where the port is taken. */
export declare const serve: (folder: string, port: number) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>
