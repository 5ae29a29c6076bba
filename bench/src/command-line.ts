import { parseArgs } from 'node:util'
import { messageOf } from '@tabula/tensor'

/** Thrown where the command line is wrong; the message says how. */
export class Misused extends Error {
  override readonly name = 'Misused'
}

/** The values of options by name, each a text or there or not. Throws `Misused` at an option that is not named, one without its value, or an argument that is none. */
export const optionsIn = <Text extends string, Flag extends string>(args: readonly string[], texts: readonly Text[], flags: readonly Flag[]): { readonly [O in Text]?: string } & { readonly [O in Flag]?: boolean } => {
  const options = Object.fromEntries([...texts.map((name) => [name, { type: 'string' as const }] as const), ...flags.map((name) => [name, { type: 'boolean' as const }] as const)])
  try {
    // The options are those named, each of the type it was given.
    return parseArgs({ args: [...args], options }).values as { readonly [O in Text]?: string } & { readonly [O in Flag]?: boolean }
  } catch (thrown) {
    throw new Misused(messageOf(thrown))
  }
}

/** Names with commas between, each one of `all`; all of them where nothing is given. Throws `Misused` at another name. */
export const namesIn = <A extends string>(what: string, text: string | undefined, all: readonly A[]): readonly A[] => {
  if (text === undefined) return all
  return text.split(',').map((name) => {
    const known = all.find((one) => one === name)
    if (known === undefined) throw new Misused(`--${what} ${name}: expected some of ${all.join(', ')}`)
    return known
  })
}

/** A whole number from `least`; `usual` where none is given. Throws `Misused` at anything else. */
export const wholeNumberIn = (what: string, text: string | undefined, usual: number, least = 1): number => {
  const number = text === undefined ? usual : Number(text)
  if (text?.trim() === '' || !Number.isSafeInteger(number) || number < least) throw new Misused(`--${what} ${text ?? ''}: expected a whole number from ${least}`)
  return number
}

/** A number above zero; `usual` where none is given. Throws `Misused` at anything else. */
export const positiveNumberIn = (what: string, text: string | undefined, usual: number): number => {
  const number = text === undefined ? usual : Number(text)
  if (!Number.isFinite(number) || number <= 0) throw new Misused(`--${what} ${text ?? ''}: expected a number above zero`)
  return number
}

/** What `read` answers for the command line. Where it is wrong, the message and the usage go to standard error and the process ends with code 2; where help is asked for (`undefined`), the usage is printed and it ends with 0. */
export const commandLine = <Options>(usage: string, read: (args: readonly string[]) => Options | undefined): Options => {
  const decoded = (): Options | undefined => {
    try {
      return read(process.argv.slice(2))
    } catch (thrown) {
      if (!(thrown instanceof Misused)) throw thrown
      process.stderr.write(`${thrown.message}\n\n${usage}\n`)
      process.exit(2)
    }
  }
  const options = decoded()
  if (options === undefined) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  return options
}
