import { readFileSync } from 'node:fs'
import { open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { either as E } from 'fp-ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { messageOf } from '@tabula/tensor'
import { badInput } from '../failure.js'
import type { Failure } from '../failure.js'

const Holder = t.type({ pid: t.number, host: t.string, started: t.string, since: t.string })

/** The process that trains a run. */
type Holder = Readonly<t.TypeOf<typeof Holder>>

/** Attempts to take a lock that another process is just writing or giving back, and the milliseconds between them. */
const [attempts, pause] = [20, 100]

/** How often a lock is renewed, and the age from which one of another machine is taken for a dead process's, in milliseconds. */
const [renewal, expiry] = [30_000, 300_000]

/** When a process was started, where the system tells: processes of different times may have the same number. */
const startOf = (pid: number): string => {
  try {
    // Field 22 of the line; the second, a name in parentheses, may hold spaces.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // A process of another user may not be signalled, but it is there.
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

const lockPath = (run: string): string => join(run, 'lock.json')

/** Who holds the lock: a process that still works, none, or one that has not written its name yet. */
const holderOf = async (path: string): Promise<Holder | 'nobody' | 'unknown'> => {
  const [text, age] = await Promise.all([readFile(path, 'utf8').catch(() => ''), stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs, () => Infinity)])
  const parsed = E.tryCatch((): unknown => JSON.parse(text), () => undefined)
  const holder = E.isRight(parsed) ? Holder.decode(parsed.right) : parsed
  if (E.isLeft(holder)) return age < attempts * pause ? 'unknown' : 'nobody'
  const { pid, host, started } = holder.right
  const works = host === hostname() ? isAlive(pid) && startOf(pid) === started : age < expiry
  return works ? holder.right : 'nobody'
}

const take = async (run: string): Promise<E.Either<Failure, () => Promise<void>>> => {
  const path = lockPath(run)
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      const file = await open(path, 'wx')
      const holder: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid), since: new Date().toISOString() }
      try {
        await file.writeFile(`${JSON.stringify(holder)}\n`)
      } catch (cause) {
        await rm(path, { force: true })
        throw cause
      } finally {
        await file.close()
      }
      const renewing = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), renewal)
      renewing.unref()
      return E.right(async () => {
        clearInterval(renewing)
        await rm(path, { force: true })
      })
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) {
        return E.left(badInput(`${run}: expected a folder that can be written, found ${messageOf(cause)}. Change its permissions or free space on the disk, or choose another folder.`))
      }
      const holder = await holderOf(path)
      if (holder === 'unknown') await setTimeout(pause)
      else if (holder === 'nobody') await rm(path, { force: true })
      else {
        return E.left(
          badInput(
            `${run}: expected a run that no other process trains, found process ${holder.pid} on ${holder.host} at it since ${holder.since}. Wait for it or stop it, or choose another folder; if there is no such process, remove ${path}.`
          )
        )
      }
    }
  }
  return E.left(badInput(`${run}: expected a run that no other process trains, found others starting on it. Wait for them, or choose another folder.`))
}

/**
 * Does work on a run that nobody else may train meanwhile. `Left` where another process does, or the folder cannot be written; a lock
 * that a process left behind when it was killed is taken over.
 */
export const lockedRun =
  (run: string) =>
  <A>(work: TaskEither<Failure, A>): TaskEither<Failure, A> =>
  async () => {
    const taken = await take(run)
    if (E.isLeft(taken)) return taken
    try {
      return await work()
    } finally {
      await taken.right()
    }
  }
