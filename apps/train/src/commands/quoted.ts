/** A text as a word of a command line, to be copied from a message into a shell. */
export const quoted = (text: string): string => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
